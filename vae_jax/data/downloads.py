"""Getting published files: quickly found missing, resumed, checked, and there whole or not at all."""

import hashlib
import http.client
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from vae_jax.core.errors import UserError
from vae_jax.core.locks import alone_in
from vae_jax.core.progress import Progress

TIMEOUT = 5.0  # seconds without an answer: no network should be known at once
PIECE = 1 << 20  # bytes, at most, that are taken from the line at a time
ALGORITHMS = {32: "md5", 64: "sha256"}  # by the length of the checksum


class _NoFileError(Exception):
    """What an address answered instead of the file, in a few words."""


def fetch(urls: Sequence[str], checksum: str, target: Path) -> None:
    """Download a file from the first address that has it, unless it is there already.

    What has arrived before an interruption is kept beside it (`.NAME.partial`), and the next call asks for the rest.

    Args:
        urls: addresses of the same file, tried once each.
        checksum: its published md5 or sha256, in hexadecimal.
        target: where it goes; it appears there only when its checksum is right.

    Raises:
        UserError: no address gave the file (the line says what each answered), or `target` is another file.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _folder_if_needed(target.parent), alone_in(target.parent):
            if target.is_file():
                return _confirm(target, checksum)
            if not (partial.is_file() and _checksum(partial, checksum) == checksum):
                _from_any(urls, checksum, partial)
            partial.replace(target)
    except OSError as error:  # the network's own errors are answers
        raise UserError(
            f"{target}: can't be written ({error.strerror}); change config.data.raw_dir or config.data.prepared_dir"
        ) from None


@contextmanager
def _folder_if_needed(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; what is still empty at the end is removed again."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for each in new:
            with suppress(OSError):  # something is in it
                each.rmdir()


def _confirm(target: Path, checksum: str) -> None:
    found = _checksum(target, checksum)
    if found != checksum:
        raise UserError(f"{target}: found checksum {found}, needs {checksum}; move it away to have it downloaded")


def _checksum(path: Path, like: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(ALGORITHMS[len(like)], usedforsecurity=False)).hexdigest()


def _from_any(urls: Sequence[str], checksum: str, partial: Path) -> None:
    answers = []
    for url in urls:
        try:
            _from_one(url, checksum, partial)
        except _NoFileError as error:
            answers.append(f"{url}: {error}")
            continue
        print(f"downloaded {url} ({partial.stat().st_size:,} bytes)", file=sys.stderr)
        return
    raise UserError("; ".join(answers))


def _from_one(url: str, checksum: str, partial: Path) -> None:
    """Complete the partial file, or make it anew.

    The checksum says which file is meant, so it is also what tells a beginning that came from another file: no
    `If-Range`, which would tie the partial file to one of the addresses.
    """
    start = partial.stat().st_size if partial.is_file() else 0
    with _ask(url, start) as response:
        resumed = start > 0 and response.status == http.client.PARTIAL_CONTENT
        with partial.open("ab" if resumed else "wb") as file, _watched(partial, file.tell(), response.length) as bar:
            for piece in _pieces(response, file.tell()):
                file.write(piece)
                bar.advance(len(piece))
    found = _checksum(partial, checksum)
    if found == checksum:
        return
    partial.unlink()
    if not resumed:
        raise _NoFileError(f"found checksum {found}, needs {checksum}")
    _from_one(url, checksum, partial)


def _ask(url: str, start: int) -> http.client.HTTPResponse:
    """Ask for the bytes from `start` on; the answer's status says whether they or all are given."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            if start and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:  # no file of that length
                return _ask(url, 0)
        raise _NoFileError(_reason(error)) from None
    if response.status in (http.client.OK, http.client.PARTIAL_CONTENT):
        return response
    response.close()
    raise _NoFileError(f"{response.reason} ({response.status}), not the file")


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", error)).split())


def _watched(partial: Path, start: int, expected: int | None) -> Progress:
    name = partial.name.removeprefix(".").removesuffix(".partial")
    progress = Progress(f"downloading {name}", 0 if expected is None else start + expected, unit="byte")
    progress.skip(start)
    return progress


def _pieces(response: http.client.HTTPResponse, start: int) -> Iterator[bytes]:
    """Give what comes as it comes, so that an interruption loses none of it.

    Raises:
        _NoFileError: it ends too early.
    """
    came, length = start, response.length  # None where the server doesn't say
    total = None if length is None else start + length
    while total is None or came < total:
        try:
            piece = response.read1(PIECE if total is None else min(PIECE, total - came))
        except (OSError, http.client.HTTPException) as error:
            raise _cut_short(_reason(error), came, total) from None
        if not piece:
            if total is None:
                return
            raise _cut_short("ended", came, total)
        came += len(piece)
        yield piece


def _cut_short(how: str, came: int, total: int | None) -> _NoFileError:
    of = "" if total is None else f" of {total:,}"
    return _NoFileError(f"{how} after {came:,}{of} bytes, which are kept: the next try asks for the rest")
