"""Files and folders that are written atomically: whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path, which is renamed to `path` at the end and removed if an error is raised.

    Args:
        path: a file, which is replaced, or a folder that does not exist yet. The temporary path lies beside it and
            has the same suffix, because some writers choose their format by it.
    """
    partial = path.with_name(f".partial_{path.name}")
    _remove(partial)  # left by a process that was killed
    try:
        yield partial
        partial.replace(path)
    finally:
        _remove(partial)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with written_atomically(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
