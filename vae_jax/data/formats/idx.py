"""Idx files, in which MNIST and similar sets are published, plain or gzipped."""

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
        path: of the file.
        dimensions: of the array (images 3, labels 1).

    Raises:
        UserError: the file can't be read, is another file, or is incomplete.
    """
    again = "put the published file there again"
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: can't be read ({error}); {again}") from None
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise UserError(
            f"{path}: found {content[:4].hex() or 'nothing'} at its start; needs an idx file of {dimensions} "
            f"dimensions; {again}"
        )
    shape = tuple(int.from_bytes(content[4 + 4 * k : 8 + 4 * k], "big") for k in range(dimensions))
    if len(content) - header != math.prod(shape):
        found = f"found {len(content) - header:,} bytes for shape {shape}; needs {math.prod(shape):,}"
        raise UserError(f"{path}: {found}; {again}")
    if not math.prod(shape):
        raise UserError(f"{path}: found nothing in it (shape {shape}); {again}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
