"""What the user says of how folders are laid out: `config.data.layout`."""

import os
from collections.abc import Iterable
from pathlib import Path

from vae_jax.core.errors import UserError, nearest

FIELD = "config.data.layout"


def read_choice(text: str, root: Path, kinds: Iterable[str]) -> dict[Path, str]:
    """Read `KIND`, which holds for all of the raw folder, or `FOLDER=KIND,FOLDER=KIND`, each with all below it.

    Args:
        text: the field; '' says nothing.
        root: the raw folder, to which folders are relative.
        kinds: those that there are.

    Raises:
        UserError: there is no such kind, or no such folder.
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
        chosen[_plainly(root / folder)] = kind
    return chosen


def chosen_for(folder: Path, choice: dict[Path, str]) -> str:
    """Return the kind that was chosen for a folder, or for the nearest one above it; '' where none was."""
    if not choice:
        return ""
    whole = _plainly(folder)
    return next((choice[path] for path in (whole, *whole.parents) if path in choice), "")


def _plainly(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would follow links out of the folder
