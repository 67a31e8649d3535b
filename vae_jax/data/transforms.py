"""Transforms of pixels on their way to the model, applied anew in every step; all but `none` make them binary."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.core.noise import Noise
from vae_jax.core.registry import Registry

Pixels = Float[Array, "batch height width channels"]


def none(x: Pixels, noise: Noise) -> Pixels:
    """Leave the pixels as they are."""
    del noise
    return x


def drawn(x: Pixels, noise: Noise) -> Pixels:
    """Draw each pixel 0 or 1, with its grey value as the probability of 1 (Salakhutdinov and Murray 2008).

    In training every step draws anew; in evaluation an image always has the same draw.
    """
    return (noise.uniform("binarise", x.shape[1:]) < x).astype(jnp.float32)


def fixed(x: Pixels, noise: Noise) -> Pixels:
    """Draw each pixel 0 or 1 as `drawn` does, but once: every step, member and seed sees the same binary images.

    `data.fixed_draw` has drawn them when the data set was loaded, so that nothing is left to do here.
    """
    del noise
    return x


TRANSFORMS: Registry[Callable[[Pixels, Noise], Pixels]] = Registry(
    "config.data.binarise", {"none": none, "drawn": drawn, "fixed": fixed}
)
