"""A cache of prepared arrays on disk: made once, read by later runs, made again when anything changed."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np

from vae_jax.core.atomic_files import written_atomically
from vae_jax.core.locks import alone_in

log = logging.getLogger("vae_jax")

Arrays = Mapping[str, np.ndarray]

DIGEST = "digest"  # the entry that holds a hash of all arrays


def prepared(
    folder: Path, name: str, key: str, make: Callable[[], Arrays], check: Callable[[], object] = lambda: None
) -> Arrays:
    """Return the arrays of `folder/name-key.npz`; make and write them if the file is missing or damaged.

    Of several runs that start at once, one makes the arrays; the others wait and read them.

    Args:
        folder: the cache; it may be deleted at any time.
        name: of the data.
        key: a hash of all that the arrays depend on.
        make: makes the arrays, while the folder is locked.
        check: called before `make`; raises an error before anything is written.
    """
    path = folder / f"{name}-{key}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    check()
    with suppress(OSError):  # a folder that can't be made, in which nothing will be kept
        folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder) if folder.is_dir() else nullcontext():
        kept = _read(path)  # another run may have prepared it
        if kept is not None:
            return kept
        if path.is_file():
            log.warning("%s: can't be read; preparing it again", path)
        made = make()
        try:
            with written_atomically(path) as partial, partial.open("wb") as file:
                np.savez(file, allow_pickle=False, **{**made, DIGEST: _digest(made)})
        except OSError as error:
            log.warning("%s: can't be kept (%s); it will be prepared again next time", path, error.strerror)
        return made


def _read(path: Path) -> Arrays | None:
    """Read the arrays of a file; None if it is missing or damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = dict(kept)
        digest = arrays.pop(DIGEST)
    except Exception:  # a damaged archive may raise anything
        return None
    return arrays if np.array_equal(digest, _digest(arrays)) else None


def _digest(arrays: Arrays) -> np.ndarray:
    """Return a hash of the arrays' names, types, shapes and content; the checksums of the archive cover less."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}|{arrays[name].dtype}|{arrays[name].shape}|".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return np.frombuffer(digest.digest(), np.uint8)


def text_array(value: object) -> np.ndarray:
    """Encode a JSON value as an array of bytes."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def text_value(array: np.ndarray) -> Any:
    """Decode what `text_array` encoded."""
    return json.loads(array.tobytes().decode())
