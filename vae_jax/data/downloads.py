"""Downloads of published files: with a timeout, resumed, checked, and written atomically."""

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

TIMEOUT = 5.0  # seconds without an answer; short, so that a missing network is noticed soon
PIECE = 1 << 20  # bytes, at most, that are read at a time
ALGORITHMS = {32: "md5", 64: "sha256"}  # by the length of the checksum


class _NoFileError(Exception):
    """An address did not give the file; says in a few words what it answered."""


def fetch(urls: Sequence[str], checksum: str, target: Path) -> None:
    """Download a file from the first address that has it, unless it exists.

    An interrupted download is kept in `.NAME.partial` beside it, and continued by the next call.

    Args:
        urls: addresses of the file, tried once each.
        checksum: its published md5 or sha256, in hexadecimal.
        target: the path to write, once the checksum is right.

    Raises:
        UserError: no address gave the file (the line has the answer of each), or `target` is another file.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _folder_if_needed(target.parent), alone_in(target.parent):
            if target.is_file():
                if (found := _checksum(target, checksum)) != checksum:
                    raise UserError(f"{target}: found checksum {found}, needs {checksum}; move it away to download it")
                return
            if not (partial.is_file() and _checksum(partial, checksum) == checksum):
                _from_any(urls, checksum, partial)
            partial.replace(target)
    except OSError as error:  # of the disk: errors of the network became UserErrors
        raise UserError(
            f"{target}: can't be written ({error.strerror}); change config.data.raw_dir or config.data.prepared_dir"
        ) from None


@contextmanager
def _folder_if_needed(folder: Path) -> Iterator[None]:
    """Make a folder and its parents; remove those that are empty at the end."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for each in new:
            with suppress(OSError):  # it is not empty
                each.rmdir()


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
    """Complete the partial file, or download it from the start.

    The checksum shows whether the partial file began as another file. `If-Range` would do this too, but would tie the
    partial file to one address.
    """
    start = partial.stat().st_size if partial.is_file() else 0
    with _ask(url, start) as response:
        resumed = start > 0 and response.status == http.client.PARTIAL_CONTENT
        start = start if resumed else 0
        total = None if response.length is None else start + response.length  # None where the server doesn't say
        name = partial.name.removeprefix(".").removesuffix(".partial")
        with (
            partial.open("ab" if resumed else "wb") as file,
            Progress(f"downloading {name}", total or 0, unit="byte") as progress,
        ):
            progress.skip(start)
            for piece in _pieces(response, start, total):
                file.write(piece)
                progress.advance(len(piece))
    found = _checksum(partial, checksum)
    if found == checksum:
        return
    partial.unlink()
    if not resumed:
        raise _NoFileError(f"found checksum {found}, needs {checksum}")
    _from_one(url, checksum, partial)


def _ask(url: str, start: int) -> http.client.HTTPResponse:
    """Request the bytes from `start` on; the status of the response says whether it has these or all."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            if start and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:  # the file is not that long
                return _ask(url, 0)
        raise _NoFileError(_reason(error)) from None
    if response.status in (http.client.OK, http.client.PARTIAL_CONTENT):
        return response
    response.close()
    raise _NoFileError(f"{response.reason} ({response.status}), not the file")


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", error)).split())


def _pieces(response: http.client.HTTPResponse, arrived: int, total: int | None) -> Iterator[bytes]:
    """Yield the content as it arrives, so that an interruption loses none of it."""
    while total is None or arrived < total:
        try:
            piece, fault = response.read1(PIECE if total is None else min(PIECE, total - arrived)), "ended"
        except (OSError, http.client.HTTPException) as error:
            piece, fault = b"", _reason(error)
        else:
            if not piece and total is None:
                return
        if not piece:
            of = "" if total is None else f" of {total:,}"
            raise _NoFileError(f"{fault} after {arrived:,}{of} bytes, which are kept: the next try continues")
        arrived += len(piece)
        yield piece
