"""Files and folders that are there whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Give a name to write a file or a folder under; it becomes `path` when all is written, and goes when that fails.

    Args:
        path: of the file, which is replaced, or of a folder that is not there yet. The name given lies beside it and
            ends as it does, as some writers go by the suffix.
    """
    partial = path.with_name(f".partial_{path.name}")
    _remove(partial)  # of a process that was killed
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
