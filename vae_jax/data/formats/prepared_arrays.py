"""Arrays kept from one run to the next: made once, read in a moment, made again where anything changed."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from vae_jax.core.locks import alone_in

log = logging.getLogger("vae_jax")

Arrays = Mapping[str, np.ndarray]

DIGEST = "digest"  # the name, beside the arrays, of a hash of them all


def prepared(
    folder: Path, name: str, key: str, make: Callable[[], Arrays], check: Callable[[], None] = lambda: None
) -> Arrays:
    """Return arrays from `folder/name-key.npz`, or make and keep them.

    Of several runs that start at once, one makes them; the others wait and read them.

    Args:
        folder: where prepared arrays are kept; nothing there is irreplaceable.
        name: of the data.
        key: stands for all that the arrays follow from; another key, another file.
        make: makes the arrays; it is alone in the folder.
        check: called first where they must be made; raises what is wrong before anything is written.

    Returns:
        the arrays; kept ones are checked for being whole.
    """
    path = folder / f"{name}-{key}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    check()
    with _alone_if_there(folder):
        kept = _read(path)  # another run may have prepared it meanwhile
        if kept is not None:
            return kept
        if path.is_file():
            log.warning("%s: can't be read; preparing it again", path)
        made = make()
        _keep(path, made)
        return made


@contextmanager
def _alone_if_there(folder: Path) -> Iterator[None]:
    """Be alone in a folder, made if it can be; where it can't, nothing will be kept in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        yield
        return
    with alone_in(folder):
        yield


def _read(path: Path) -> Arrays | None:
    """Read kept arrays; None where they are not there, or damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = dict(kept)
        digest = arrays.pop(DIGEST)
    except Exception:  # a damaged archive may raise anything
        return None
    return arrays if np.array_equal(digest, _digest(arrays)) else None


def _keep(path: Path, arrays: Arrays) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **{**arrays, DIGEST: _digest(arrays)})
        partial.replace(path)
    except OSError as error:
        log.warning("%s: can't be kept (%s); it will be prepared again next time", path, error.strerror)


def _digest(arrays: Arrays) -> np.ndarray:
    """A hash of the arrays' names, types, shapes and content: the archive's own covers less."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}|{arrays[name].dtype}|{arrays[name].shape}|".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return np.frombuffer(digest.digest(), np.uint8)


def text_array(value: object) -> np.ndarray:
    """Hold a JSON value in an array of bytes."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def text_value(array: np.ndarray) -> object:
    """Give back what `text_array` held."""
    return json.loads(array.tobytes().decode())
