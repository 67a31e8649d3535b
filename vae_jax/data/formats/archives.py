"""Unpacking of untrusted archives: inside one folder, of bounded size, atomically."""

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

from vae_jax.core.errors import UserError
from vae_jax.core.locks import alone_in
from vae_jax.core.plain_text import reason

BLOCK = 4096  # bytes counted for a member at least, which bounds the number of members


@dataclass(frozen=True)
class _Member:
    name: str
    plain: bool  # a file or a folder; no link, no device
    size: int  # bytes, unpacked
    extract: Callable[[Path], object]  # into a folder


def unpack(archive: Path, folder: Path, *, most_bytes: int, inner: str = "") -> None:
    """Unpack an archive, unless `folder` exists.

    All links are refused: pictures need none, and `tarfile`'s own filter let some lead outside (CVE-2025-4517).

    Args:
        archive: a `.tar.gz`, `.tgz`, `.tar` or `.zip` file.
        folder: the folder to make.
        most_bytes: the largest allowed size, unpacked.
        inner: the folder in the archive that becomes `folder`; the rest is dropped.

    Raises:
        UserError: the archive is damaged, holds something unsafe or too much, or can't be unpacked there.
    """
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(folder.parent):
            if not folder.is_dir():  # another run may have unpacked it
                _unpack_anew(archive, folder, most_bytes, inner)
    except UserError:
        raise
    except Exception as error:  # a reader may raise anything on a damaged archive
        raise UserError(f"{archive}: can't be unpacked into {folder} ({reason(error)})") from None


def _unpack_anew(archive: Path, folder: Path, most_bytes: int, inner: str) -> None:
    hidden = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(hidden, ignore_errors=True)  # left by a run that was killed
    try:
        hidden.mkdir()
        _extract(archive, hidden, most_bytes)
        if not (hidden / inner).is_dir():
            raise UserError(f"{archive}: has no folder {inner!r}; get it again")
        (hidden / inner).rename(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _extract(archive: Path, into: Path, most_bytes: int) -> None:
    total = 0
    for member in _members(archive):
        path = PureWindowsPath(member.name)  # accepts both / and \ as separators
        if path.anchor or ".." in path.parts:
            raise UserError(f"{archive}: member {member.name!r} leads out of the folder; nothing was unpacked")
        if not member.plain:
            raise UserError(f"{archive}: member {member.name!r} is a link or a device; nothing was unpacked")
        total += max(member.size, BLOCK)
        if total > most_bytes:
            raise UserError(
                f"{archive}: holds more than {most_bytes:,} bytes at member {member.name!r}; nothing was unpacked"
            )
        member.extract(into)


def _members(archive: Path) -> Iterator[_Member]:
    if archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)  # 0 if the archive was not made on Unix
                plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
                yield _Member(info.filename, plain, info.file_size, partial(packed.extract, info))
    elif archive.name.endswith((".tar.gz", ".tgz", ".tar")):
        with tarfile.open(archive) as tar:
            for entry in tar:
                extract = partial(tar.extract, entry, filter="data")
                yield _Member(entry.name, entry.isreg() or entry.isdir(), entry.size, extract)
    else:
        raise UserError(f"{archive}: found another kind of file; needs .tar.gz, .tgz, .tar or .zip")
