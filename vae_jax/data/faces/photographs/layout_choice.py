"""The user's choice of layouts: `config.data.layout`."""

from collections.abc import Iterable
from pathlib import Path

from vae_jax.core.errors import UserError, nearest
from vae_jax.core.user_paths import absolute

FIELD = "config.data.layout"


def read_choice(text: str, root: Path, kinds: Iterable[str]) -> dict[Path, str]:
    """Parse `KIND`, for the whole raw folder, or `FOLDER=KIND,FOLDER=KIND`, for folders and all below them.

    Args:
        text: the value of the field; may be ''.
        root: the raw folder, to which folders are relative.
        kinds: the known kinds.

    Raises:
        UserError: there is no such kind or folder.
    """
    chosen = {}
    for part in filter(None, text.split(",")):
        folder, _, kind = (each.strip() for each in part.rpartition("="))
        if kind not in kinds:
            raise UserError(
                f"{FIELD}: found {kind!r}; needs KIND or FOLDER=KIND of {', '.join(kinds)}{nearest(kind, kinds)}"
            )
        if not (root / folder).is_dir():
            raise UserError(f"{FIELD}: found no folder {folder!r} in {root}; needs one below it")
        chosen[absolute(root / folder)] = kind
    return chosen


def chosen_for(folder: Path, choice: dict[Path, str]) -> str:
    """Return the kind chosen for a folder or its nearest chosen parent; '' if there is none."""
    if not choice:
        return ""
    whole = absolute(folder)
    return next((choice[path] for path in (whole, *whole.parents) if path in choice), "")
