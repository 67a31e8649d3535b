"""Random keys: one for each named use, one for each latent unit."""

import zlib

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key


def named(key: Key[Array, ""], use: str) -> Key[Array, ""]:
    """Fold the name of a use into `key`."""
    return jax.random.fold_in(key, zlib.crc32(use.encode()))


def unit_keys(key: Key[Array, ""], latent_dim: int) -> Key[Array, " latent"]:
    """Return a key for each latent unit, the same for every number of units."""
    return jax.vmap(lambda unit: jax.random.fold_in(key, unit))(jnp.arange(latent_dim))
