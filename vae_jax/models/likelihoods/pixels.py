"""Sums over the pixels of images."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def summed_over_pixels(values: Float[Array, "*lead height width channels"]) -> Float[Array, "*lead"]:
    """Sum over height, width and channels as one axis: XLA computes a sum over three of them up to 3 x as slowly."""
    return jnp.sum(values.reshape(*values.shape[:-3], -1), axis=-1)
