"""Paths as users write them."""

import os
from pathlib import Path

from vae_jax.core.errors import UserError


def from_home(path: str | Path) -> Path:
    """Return a path with `~` or `~name` replaced by the home folder.

    Raises:
        UserError: there is no such user, or `path` is not a path.
    """
    try:
        return Path(path).expanduser()
    except TypeError:
        raise UserError(f"path: found {path!r}; needs the path of a file or a folder") from None
    except RuntimeError:
        raise UserError(f"{path}: found no home folder of {Path(path).parts[0]}; needs ~/ or another folder") from None


def absolute(path: Path) -> Path:
    """Return the absolute path without `..`; unlike `Path.resolve` it does not follow links."""
    return Path(os.path.abspath(path))  # noqa: PTH100
