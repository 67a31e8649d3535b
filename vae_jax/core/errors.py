"""What a user is told when something they gave can't be used."""

import difflib
from collections.abc import Iterable

from vae_jax.core.plain_text import printable


class UserError(Exception):
    """One line for the user: the field or the file, what was found, and what would do.

    The commands print it without a traceback and leave with a non-zero exit status.
    """

    def __init__(self, said: str) -> None:
        """Keep what is said to one line that any terminal can show: names of files may hold anything."""
        super().__init__(printable(said))


class NoResultError(Exception):
    """One line for the user: all was done, but without the result that was asked for; the exit status is 1."""


class UnusablePictureError(Exception):
    """A picture among others that can't be used; says why in a few words."""


def nearest(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` where a known name is close to `found`, else nothing."""
    close = difflib.get_close_matches(found, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
