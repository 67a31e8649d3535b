"""A third-party data transform: grain on every picture, another in each step."""

import jax.numpy as jnp

import vae_jax


@vae_jax.register("transform", "noisy")
def noisy(x, noise):
    """Normal noise of a twentieth of the range; an image that is evaluated has always the same."""
    return jnp.clip(x + 0.05 * noise.normal_like("grain", x.shape[1:]), 0.0, 1.0)
