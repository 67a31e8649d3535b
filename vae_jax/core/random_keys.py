"""Random keys by what they are for: two uses never share one, and neither do two latent units."""

import zlib

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key


def named(key: Key[Array, ""], use: str) -> Key[Array, ""]:
    """Fold the name of a use into `key`."""
    return jax.random.fold_in(key, zlib.crc32(use.encode()))


def unit_keys(key: Key[Array, ""], latent_dim: int) -> Key[Array, " latent"]:
    """Return a key for each latent unit, the same for every number of units."""
    return jax.vmap(lambda unit: jax.random.fold_in(key, unit))(jnp.arange(latent_dim))


def unit_normal(key: Key[Array, ""], count: int, latent_dim: int) -> Float[Array, "count latent"]:
    """Draw standard normal noise, that of each latent unit from its own key."""
    return jax.vmap(lambda k: jax.random.normal(k, (count,)), out_axes=1)(unit_keys(key, latent_dim))
