"""Random keys by what they are for: two uses never share one."""

import zlib

import jax
from jaxtyping import Array, Key


def named(key: Key[Array, ""], use: str) -> Key[Array, ""]:
    """Fold the name of a use into `key`."""
    return jax.random.fold_in(key, zlib.crc32(use.encode()))
