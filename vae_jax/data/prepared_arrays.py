"""Arrays kept from one run to the next: made once, read in a moment, made again where anything changed."""

import json
import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

log = logging.getLogger("vae_jax")

Arrays = Mapping[str, np.ndarray]


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
                return dict(kept)
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            log.warning("%s: can't be read (%s); preparing it again", path, type(error).__name__)
    arrays = make()
    partial = path.with_name(f".{path.name}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)
    except OSError as error:
        log.warning("%s: can't be kept (%s); it will be prepared again next time", path, error.strerror)
    return arrays


def text_array(value: object) -> np.ndarray:
    """Hold a JSON value in an array of bytes."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def text_value(array: np.ndarray) -> object:
    """Give back what `text_array` held."""
    return json.loads(array.tobytes().decode())
