"""Paths that begin with `~`."""

from pathlib import Path

from vae_jax.core.errors import UserError


def from_home(path: str | Path) -> Path:
    """Return a path with its `~` or `~name` replaced by the home folder that it means.

    Raises:
        UserError: there is no user of that name, or it is no path.
    """
    try:
        return Path(path).expanduser()
    except TypeError:
        raise UserError(f"path: found {path!r}; needs the path of a file or a folder") from None
    except RuntimeError:
        raise UserError(f"{path}: found no home folder of {Path(path).parts[0]}; needs ~/ or another folder") from None
