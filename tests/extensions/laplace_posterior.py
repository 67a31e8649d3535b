"""A third-party posterior: Laplace in each latent unit, with heavier tails than a normal."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array

import vae_jax
from vae_jax.config.checks import number
from vae_jax.core.traced import Number
from vae_jax.core.units import Units
from vae_jax.models.dense import UnitHead


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Laplace:
    """Density exp(-|z - mu| / b) / 2b in each unit; its KL to a prior is estimated from samples."""

    mu: Array
    b: Array
    units: Units

    def sample(self, noise, k):
        """A normal times the length of two others."""
        centre, one, two = (noise.normal(use, self.units, (k,)) for use in ("latents", "one", "two"))
        z = jnp.where(self.units.mask, self.mu + self.b * centre * jnp.hypot(one, two), 0.0)
        return z, self.log_prob(z)

    def log_prob(self, z):
        """In nats."""
        return jnp.sum(-jnp.abs(z - self.mu) / self.b - jnp.log(2 * self.b), axis=-1, where=self.units.mask)

    def centre(self):
        """The median."""
        return jnp.where(self.units.mask, self.mu, 0.0)


@vae_jax.register("posterior", "laplacian")
class LaplacePosterior(nnx.Module):
    """A median and a scale of each unit from the features."""

    @dataclass(frozen=True)
    class Settings:
        """The scale.

        Attributes:
            floor: the smallest.
        """

        floor: Number = number(1e-3, above=0)

    def __init__(self, settings, build, key):
        self.head, self.floor = UnitHead(2, build, key), nnx.Variable(jnp.float32(settings.floor))

    def __call__(self, features, units):
        mu, s = self.head(features)
        return Laplace(mu, self.floor[...] + jax.nn.softplus(s), units)
