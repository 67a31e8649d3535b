"""Active units of a latent space."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def active_units(mu: Float[Array, "n latent"]) -> Int[Array, ""]:
    """Count the units whose posterior mean has a variance over images above 0.01 (Burda et al. 2016, arXiv:1509.00519).

    Args:
        mu: posterior means of images.
    """
    return jnp.sum(jnp.var(mu, axis=0) > 0.01)
