"""What a user is told when something they gave can't be used."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """One line for the user: the field or the file, what was found, and what would do.

    The commands print it without a traceback and leave with a non-zero exit status.
    """

    def __init__(self, said: str) -> None:
        """Keep what is said to one line that any terminal can show: names of files may hold anything."""
        shown = (c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in said)
        super().__init__("".join(shown))


class NoResultError(Exception):
    """One line for the user: a run came to its end, and none of its members to a result."""


class UnusablePictureError(Exception):
    """A picture among others that can't be used; says why in a few words."""


def nearest(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` where a known name is close to `found`, else nothing."""
    close = difflib.get_close_matches(found, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
