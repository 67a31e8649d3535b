"""Diagonal normal distributions of latents, for posteriors and priors."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import HasLogProb
from vae_jax.models.softplus import softplus

SIGMA_FLOOR = 1e-6


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DiagonalGaussian:
    """N(mu, diag(sigma^2)); masked units are 0 and cost nothing.

    Attributes:
        mu, sigma: `[batch, units]`, or `[units]` if all examples share them.
        units: of the latent space.
    """

    mu: Float[Array, "*batch units"]
    sigma: Float[Array, "*batch units"]
    units: Units

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Reparameterise standard normal noise (Kingma and Welling 2014, arXiv:1312.6114)."""
        eps = noise.normal("latents", self.units, (k,))
        z = jnp.where(self.units.mask, self.mu + self.sigma * eps, 0.0)
        return z, self.log_prob(z)

    def unit_log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all units"]:
        """Return the log density of each unit, in nats; points and normals broadcast against each other."""
        density = -0.5 * ((z - self.mu) / self.sigma) ** 2 - jnp.log(self.sigma) - 0.5 * math.log(2 * math.pi)
        return jnp.where(self.units.mask, density, 0.0)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density, in nats; points and normals broadcast against each other."""
        return jnp.sum(self.unit_log_prob(z), axis=-1)

    def kl(self, p: HasLogProb) -> Float[Array, "*all units"] | None:
        """Return KL(q || p) by unit, in nats (ibid., appendix B), or None if `p` is not a diagonal normal."""
        if isinstance(p, StandardNormal):
            rates = 0.5 * (self.mu**2 + self.sigma**2 - 1 - 2 * jnp.log(self.sigma))
        elif isinstance(p, DiagonalGaussian):
            ratio, shift = self.sigma / p.sigma, (self.mu - p.mu) / p.sigma
            rates = 0.5 * (shift**2 + ratio**2 - 1 - 2 * jnp.log(ratio))
        else:
            return None
        return jnp.where(self.units.mask, rates, 0.0)

    def centre(self) -> Float[Array, "batch units"]:
        """Return the mean."""
        return jnp.where(self.units.mask, self.mu, 0.0)

    def scale(self) -> Float[Array, "batch units"]:
        """Return the standard deviations."""
        return jnp.where(self.units.mask, self.sigma, 0.0)


def gaussian_of(outputs: tuple[Float[Array, "*batch units"], ...], units: Units) -> DiagonalGaussian:
    """Return the normal of a head's two outputs, with `sigma = 1e-6 + softplus(s)`, which is always positive."""
    mu, s = outputs
    return DiagonalGaussian(mu, SIGMA_FLOOR + softplus(s), units)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class StandardNormal:
    """N(0, I)."""

    units: Units

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw standard normal latents."""
        z = jnp.where(self.units.mask, noise.normal("latents", self.units, (k,)), 0.0)
        return z, self.log_prob(z)

    def unit_log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead units"]:
        """Return the log density of each unit, in nats."""
        return jnp.where(self.units.mask, -0.5 * z**2 - 0.5 * math.log(2 * math.pi), 0.0)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        return jnp.sum(self.unit_log_prob(z), axis=-1)
