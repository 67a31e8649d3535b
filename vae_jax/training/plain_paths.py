"""Paths in which no library finds more than names.

Orbax looks for its own files by `glob`, to which `[`, `*` and `?` in any folder above them are a pattern: it finds
none, or those of other runs. TensorStore refuses back slashes and bytes that are no text. Etils takes `/gs/...` and a
folder `gs:` for places in a cloud. They are given a symbolic link with a plain name where a path is not plain itself.
"""

import re
import tempfile
from pathlib import Path

from vae_jax.core.errors import UserError

PLAIN = re.compile(r"([A-Za-z]:)?(?!/(gs|s3|az|hf)(/|$))[\w/.,=+@~ -]*", re.ASCII)


def is_plain(path: Path) -> bool:
    """Whether an absolute path holds names of plain characters only."""
    return PLAIN.fullmatch(path.as_posix()) is not None


class PlainPath:
    """An absolute path to a folder by plain names, until it is closed.

    Attributes:
        path: the folder's own where that is plain, else a link to it.
    """

    def __init__(self, folder: Path) -> None:
        """Find or make the path.

        Args:
            folder: need not be there.

        Raises:
            UserError: a link is needed, and there is no plain folder for temporary files.
        """
        self.path, self._home = folder.absolute(), None
        if not is_plain(self.path):
            self._home = tempfile.TemporaryDirectory(prefix="vae_jax_", dir=_plain_place(folder))
            self.path = Path(self._home.name) / "folder"
            self.path.symlink_to(folder.absolute(), target_is_directory=True)

    def close(self) -> None:
        """Remove the link, if there is one."""
        if self._home is not None:
            self._home.cleanup()


def check_path(folder: Path) -> None:
    """See that there is a plain path to a folder.

    Raises:
        UserError: there is none.
    """
    if not is_plain(folder.absolute()):
        _plain_place(folder)


def _plain_place(folder: Path) -> str:
    place = tempfile.gettempdir()
    if not is_plain(Path(place).absolute()):
        raise UserError(
            f"{folder}: holds characters that checkpoints can't have in a path, and so does the folder of temporary "
            f"files {place}, where a plain name for it could be; use another workdir, or set TMPDIR to another folder"
        )
    return place
