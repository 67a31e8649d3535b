"""The von Mises-Fisher posterior on the unit sphere (Davidson et al. 2018, arXiv:1804.00891)."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.errors import UserError
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.models.dense import UnitHead, linear
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.softplus import softplus
from vae_jax.models.spheres import VonMisesFisher


class VonMisesFisherPosterior(nnx.Module):
    """A direction and a concentration from the features; the latents of all units together have length 1."""

    traces_latent_dim = False  # the length is that of all units together
    on_sphere = True

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights.

        Raises:
            UserError: there is no sphere, as there is only one latent unit.
        """
        if build.units.size < 2:
            raise UserError(
                "config.model.latent_dim: found 1; config.model.posterior=von_mises_fisher needs at least 2, the circle"
            )
        self.direction = UnitHead(1, build, named(key, "direction"))
        init = INITIALISERS[build.config.model.init]
        self.concentration = linear(build.features, 1, init, named(key, "concentration"))

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> VonMisesFisher:
        """Return q(z|x); the concentration is in shares of the dimension, as how far the latents scatter is too."""
        (towards,) = self.direction(features)
        length = jnp.sqrt(jnp.maximum(jnp.sum(towards**2, axis=-1, keepdims=True), 1e-12))
        kappa = units.size * (1e-3 + softplus(self.concentration(features)[:, 0]))
        return VonMisesFisher(towards / length, kappa, units)
