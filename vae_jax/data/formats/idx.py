"""The idx files of MNIST and its kin, plain or gzipped."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vae_jax.core.errors import UserError

UNSIGNED_BYTE = 8


def read_idx(path: Path, dimensions: int) -> UInt8[np.ndarray, "..."]:
    """Read an idx file of unsigned bytes.

    Args:
        path: ends in `.gz` if gzipped.
        dimensions: how many the array must have (images 3, labels 1).

    Raises:
        UserError: the file is not such an idx file, or not all of it.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: can't be read ({error}); put the published file there again") from None
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise UserError(
            f"{path}: found {content[:4].hex() or 'nothing'} at its start; needs an idx file of {dimensions} "
            "dimensions; put the published file there again"
        )
    shape = tuple(int.from_bytes(content[4 + 4 * k : 8 + 4 * k], "big") for k in range(dimensions))
    if len(content) - header != math.prod(shape):
        raise UserError(
            f"{path}: found {len(content) - header:,} bytes for shape {shape}; needs {math.prod(shape):,}; "
            "put the published file there again"
        )
    if not len(content) - header:
        raise UserError(f"{path}: found nothing in it (shape {shape}); put the published file there again")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
