"""Arrays kept from one run to the next: made once, read in a moment, made again where anything changed."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

log = logging.getLogger("vae_jax")

Arrays = Mapping[str, np.ndarray]

DIGEST = "digest"  # the name, beside the arrays, of a hash of them all


def prepared(folder: Path, name: str, key: str, make: Callable[[], Arrays]) -> Arrays:
    """Return arrays from `folder/name-key.npz`, or make and keep them.

    Args:
        folder: where prepared arrays are kept; nothing there is irreplaceable.
        name: of the data.
        key: stands for all that the arrays follow from; another key, another file.
        make: makes the arrays.

    Returns:
        the arrays; kept ones are checked for being whole.
    """
    path = folder / f"{name}-{key}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as kept:
                arrays = dict(kept)
            if not np.array_equal(arrays.pop(DIGEST), _digest(arrays)):
                raise ValueError("other arrays than were kept")
            return arrays
        except Exception as error:  # a damaged archive may raise anything
            log.warning("%s: can't be read (%s); preparing it again", path, type(error).__name__)
    made = make()
    partial = path.with_name(f".{path.name}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **{**made, DIGEST: _digest(made)})
        partial.replace(path)
    except OSError as error:
        log.warning("%s: can't be kept (%s); it will be prepared again next time", path, error.strerror)
    return made


def _digest(arrays: Arrays) -> np.ndarray:
    """A hash of the arrays' names, types, shapes and content: the archive's own covers less."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}|{arrays[name].dtype}|{arrays[name].shape}|".encode())
        digest.update(arrays[name].tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def text_array(value: object) -> np.ndarray:
    """Hold a JSON value in an array of bytes."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def text_value(array: np.ndarray) -> object:
    """Give back what `text_array` held."""
    return json.loads(array.tobytes().decode())
