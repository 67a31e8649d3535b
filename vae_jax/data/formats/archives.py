"""Unpacking archives that may be anything: into their folder alone, of bounded size, and there whole or not at all."""

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

BLOCK = 4096  # bytes that even an empty member is taken to need, so that a great many of them are too many


@dataclass(frozen=True)
class _Member:
    name: str
    plain: bool  # a file or a folder; no link, no device
    size: int  # bytes, unpacked
    extract: Callable[[Path], object]  # into a folder


def unpack(archive: Path, folder: Path, *, most_bytes: int, inner: str = "") -> None:
    """Unpack an archive, unless its folder is there already.

    Links are refused altogether: pictures need none, and `tarfile`'s own filter let some lead outside for years
    (CVE-2025-4517).

    Args:
        archive: a `.tar.gz`, `.tgz`, `.tar` or `.zip` file.
        folder: what it becomes.
        most_bytes: how much it may hold, unpacked.
        inner: the folder within the archive that becomes `folder`; what lies beside it is dropped.

    Raises:
        UserError: the archive is damaged, holds something unsafe or too much, or can't be unpacked there.
    """
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(folder.parent):
            if not folder.is_dir():  # another run may have unpacked it meanwhile
                _unpack_anew(archive, folder, most_bytes, inner)
    except UserError:
        raise
    except Exception as error:  # a reader may raise anything on a damaged archive
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{archive}: can't be unpacked into {folder} ({said})") from None


def _unpack_anew(archive: Path, folder: Path, most_bytes: int, inner: str) -> None:
    hidden = folder.with_name(f".{folder.name}.partial")
    try:
        if hidden.exists():  # of a run that was killed
            shutil.rmtree(hidden)
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
        path = PureWindowsPath(member.name)  # takes both / and \ for separators
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
        return _in_zip(archive)
    if archive.name.endswith((".tar.gz", ".tgz", ".tar")):
        return _in_tar(archive)
    raise UserError(f"{archive}: found another kind of file; needs .tar.gz, .tgz, .tar or .zip")


def _in_tar(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as tar:
        for member in tar:
            extract = partial(tar.extract, member, filter="data")
            yield _Member(member.name, member.isreg() or member.isdir(), member.size, extract)


def _in_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive was not made on Unix
            extract = partial(packed.extract, member)
            yield _Member(member.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR), member.file_size, extract)
