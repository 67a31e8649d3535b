"""A third-party prior: Student's t in each latent unit, with a learned scale."""

import math
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array

import vae_jax
from vae_jax.config.checks import limited
from vae_jax.core.units import Units


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class StudentT:
    """Independent units."""

    log_scale: Array
    units: Units
    degrees: int = field(metadata={"static": True})

    def sample(self, noise, k):
        """A normal over the root of a mean of squared normals."""
        centre = noise.normal("latents", self.units, (k,))
        spread = jnp.sqrt(jnp.mean(noise.normal("spread", self.units, (k, self.degrees)) ** 2, axis=1))
        z = jnp.where(self.units.mask, jnp.exp(self.log_scale) * centre / spread, 0.0)
        return z, self.log_prob(z)

    def unit_log_prob(self, z):
        n, y = self.degrees, z * jnp.exp(-self.log_scale)
        constant = math.lgamma((n + 1) / 2) - math.lgamma(n / 2) - 0.5 * math.log(n * math.pi)
        return jnp.where(self.units.mask, constant - self.log_scale - (n + 1) / 2 * jnp.log1p(y**2 / n), 0.0)

    def log_prob(self, z):
        """In nats."""
        return self.unit_log_prob(z).sum(-1)


@vae_jax.register("prior", "student")
class StudentPrior(nnx.Module):
    """The same for all images."""

    @dataclass(frozen=True)
    class Settings:
        """The tails.

        Attributes:
            degrees: of freedom; many are nearly a normal.
        """

        degrees: int = limited(3, low=1, high=100)

    def __init__(self, settings, build, key):
        self.degrees, self.log_scale = settings.degrees, nnx.Param(jnp.zeros(build.units.size))

    def __call__(self, model, condition):
        return StudentT(self.log_scale[...], model.units, self.degrees)
