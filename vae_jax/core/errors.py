"""Errors that are shown to users, in one line."""

import difflib
from collections.abc import Iterable

from vae_jax.core.plain_text import printable


class UserError(Exception):
    """One line for the user: the field or the file, what was found, and what would do.

    Commands print it without a traceback and exit with status 2.
    """

    def __init__(self, message: str) -> None:
        """Escape line breaks and characters that a terminal can't show: names of files may hold anything."""
        super().__init__(printable(message))


class NoResultError(Exception):
    """One line for the user: the command ran, but there is no result; the exit status is 1."""


class UnusablePictureError(Exception):
    """A picture that can't be used and is skipped; says why in a few words."""


def nearest(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` where a known name is close to `found`, else nothing."""
    close = difflib.get_close_matches(found, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
