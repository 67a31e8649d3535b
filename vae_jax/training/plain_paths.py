"""Paths of plain characters, for libraries that misread others.

Orbax finds its own files with `glob`, which treats `[`, `*` and `?` in any parent folder as a pattern: it finds none,
or those of other runs. TensorStore refuses backslashes and bytes that aren't UTF-8. Etils takes `/gs/...` and a folder
`gs:` for cloud storage. Where a path is not plain, they are given a symbolic link with a plain name.
"""

import re
import tempfile
from pathlib import Path

from vae_jax.core.errors import UserError

PLAIN = re.compile(r"([A-Za-z]:)?(?!/(gs|s3|az|hf)(/|$))[\w/.,=+@~ -]*", re.ASCII)


def is_plain(path: Path) -> bool:
    """Whether an absolute path has plain characters only."""
    return PLAIN.fullmatch(path.as_posix()) is not None


class PlainPath:
    """A plain absolute path to a folder, valid until it is closed.

    Attributes:
        path: the folder's own path where that is plain, else a link to it.
    """

    def __init__(self, folder: Path) -> None:
        """Find or make the path; the folder need not exist.

        Raises:
            UserError: a link is needed, and the folder of temporary files is not plain either.
        """
        self.path, self._home = folder.absolute(), None
        if not is_plain(self.path):
            self._home = tempfile.TemporaryDirectory(prefix="vae_jax_", dir=_plain_temporary(folder))
            self.path = Path(self._home.name) / "folder"
            self.path.symlink_to(folder.absolute(), target_is_directory=True)

    def close(self) -> None:
        """Remove the link, if there is one."""
        if self._home is not None:
            self._home.cleanup()


def check_path(folder: Path) -> None:
    """Make sure that there can be a plain path to a folder.

    Raises:
        UserError: there can't.
    """
    if not is_plain(folder.absolute()):
        _plain_temporary(folder)


def _plain_temporary(folder: Path) -> str:
    temporary = tempfile.gettempdir()
    if not is_plain(Path(temporary).absolute()):
        raise UserError(
            f"{folder}: holds characters that checkpoints can't have in a path, and so does the folder of temporary "
            f"files {temporary}, where a link to it could be; use another workdir, or set TMPDIR to another folder"
        )
    return temporary
