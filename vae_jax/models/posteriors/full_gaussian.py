"""The normal posterior with a full covariance matrix."""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build, HasLogProb
from vae_jax.models.dense import UnitHead
from vae_jax.models.normals import StandardNormal, gaussian_of


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FullGaussian:
    """N(mu, L L^T); masked units are 0 and cost nothing.

    Attributes:
        mu: `[batch, units]`.
        factor: `[batch, units, units]`, L: lower triangular, with the identity where a unit is masked.
        units: of the latent space.
    """

    mu: Float[Array, "batch units"]
    factor: Float[Array, "batch units units"]
    units: Units

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Reparameterise standard normal noise."""
        eps = jnp.where(self.units.mask, noise.normal("latents", self.units, (k,)), 0.0)
        z = jnp.where(self.units.mask, self.mu + jnp.einsum("bij,kbj->kbi", self.factor, eps), 0.0)
        return z, self._log_density(eps)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density, in nats; points and normals broadcast against each other."""
        away = jnp.where(self.units.mask, z - self.mu, 0.0)
        return self._log_density(_solved(self.factor, away))

    def kl(self, p: HasLogProb) -> Float[Array, "batch units"] | None:
        """Return KL(q || p) in nats, or None if `p` is not standard normal.

        The part of a unit is the mean over q of its KL given the units before it.
        """
        if not isinstance(p, StandardNormal):
            return None
        rates = 0.5 * (self.mu**2 + jnp.sum(self.factor**2, axis=-1) - 1 - 2 * self._log_diagonal)
        return jnp.where(self.units.mask, rates, 0.0)

    def centre(self) -> Float[Array, "batch units"]:
        """Return the mean."""
        return jnp.where(self.units.mask, self.mu, 0.0)

    def scale(self) -> Float[Array, "batch units"]:
        """Return the standard deviation of each unit by itself."""
        return jnp.where(self.units.mask, jnp.sqrt(jnp.sum(self.factor**2, axis=-1)), 0.0)

    @property
    def _log_diagonal(self) -> Float[Array, "batch units"]:
        return jnp.log(jnp.diagonal(self.factor, axis1=-2, axis2=-1))

    def _log_density(self, eps: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log density of `mu + L eps`."""
        of_units = -0.5 * eps**2 - self._log_diagonal - 0.5 * math.log(2 * math.pi)
        return jnp.sum(jnp.where(self.units.mask, of_units, 0.0), axis=-1)


@partial(jnp.vectorize, signature="(n,n),(n)->(n)")
def _solved(factor: Float[Array, "units units"], away: Float[Array, " units"]) -> Float[Array, " units"]:
    """Return the solution of `factor @ solution = away`; leading axes broadcast."""
    solution: Float[Array, " units"] = solve_triangular(factor, away, lower=True)
    return solution


class FullGaussianPosterior(nnx.Module):
    """A mean and a Cholesky factor of the covariance, from the encoder's features.

    At the start the factor is diagonal.
    """

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        size = build.units.size
        self.head = UnitHead(2, build, named(key, "head"))
        # By pair of units, so that the first units have the same weights in every number of units.
        self.kernel = nnx.Param(jnp.zeros((build.features, size, size)))
        self.bias = nnx.Param(jnp.zeros((size, size)))

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> FullGaussian:
        """Return q(z|x)."""
        diagonal = gaussian_of(self.head(features), units)
        pairs = jnp.einsum("bf,fij->bij", features, self.kernel[...]) + self.bias[...]
        place = jnp.arange(units.size)
        below = jnp.where((place[:, None] > place) & units.mask[:, None], pairs, 0.0)
        scale = jnp.where(units.mask, diagonal.sigma, 1.0)
        return FullGaussian(diagonal.mu, below + scale[:, :, None] * jnp.eye(units.size), units)
