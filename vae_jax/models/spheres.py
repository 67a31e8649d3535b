"""Distributions on the unit sphere; densities are with respect to its area."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import HasLogProb
from vae_jax.models.polar_angle import PROPOSALS, kl_to_uniform, log_area, log_density, sample_angle


@runtime_checkable
class OnSphere(Protocol):
    """A distribution on the unit sphere, or a posterior that gives such.

    Attributes:
        on_sphere: whether it is.
    """

    on_sphere: bool


def lies_on_sphere(found: object) -> bool:
    """Whether a distribution, or a posterior, is on the unit sphere."""
    return isinstance(found, OnSphere) and found.on_sphere


def _directions(vectors: Float[Array, "*lead units"]) -> Float[Array, "*lead units"]:
    """Return vectors divided by their lengths."""
    squared = jnp.sum(vectors**2, axis=-1, keepdims=True)
    return vectors * jax.lax.rsqrt(jnp.maximum(squared, 1e-30))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UniformSphere:
    """Every direction with equal density."""

    on_sphere: ClassVar[bool] = True
    units: Units

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw directions."""
        z = _directions(noise.normal("latents", self.units, (k,)))
        return z, self.log_prob(z)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return minus the log of the sphere's area."""
        return jnp.full(z.shape[:-1], -log_area(self.units.size))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VonMisesFisher:
    """Density proportional to `exp(kappa mu.z)` (Davidson et al. 2018, arXiv:1804.00891).

    Attributes:
        mu: `[batch, units]`, of length 1.
        kappa: `[batch]`, the concentration.
        units: of the latent space, none of them masked.
    """

    on_sphere: ClassVar[bool] = True
    mu: Float[Array, "batch units"]
    kappa: Float[Array, " batch"]
    units: Units

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw the angle to `mu`, and a direction at a right angle to `mu`."""
        angle = sample_angle(self.units.size, self.kappa, noise.uniform("angle", (PROPOSALS, 3), (k,)))
        normal = noise.normal("latents", self.units, (k,))
        around = _directions(jnp.where(jnp.arange(self.units.size) == 0, 0.0, normal))
        z = jnp.cos(angle)[..., None] * self.mu + jnp.sin(angle)[..., None] * self._at_right_angle(around)
        return z, self.log_prob(z)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density, in nats; points and distributions broadcast against each other."""
        return log_density(self.units.size, self.kappa, jnp.sum(z * self.mu, axis=-1))

    def kl(self, p: HasLogProb) -> Float[Array, "batch 1"] | None:
        """Return KL(q || p) in nats, or None for another prior on the sphere than the uniform one.

        Raises:
            UserError: the prior is not on the sphere.
        """
        if not lies_on_sphere(p):
            raise UserError(
                "config.model.posterior: found 'von_mises_fisher', which needs a prior on the unit sphere: "
                "config.model.prior=uniform_sphere or vamp"
            )
        return kl_to_uniform(self.units.size, self.kappa)[:, None] if isinstance(p, UniformSphere) else None

    def centre(self) -> Float[Array, "batch units"]:
        """Return the mean direction."""
        return self.mu

    def _at_right_angle(self, z: Float[Array, "k batch units"]) -> Float[Array, "k batch units"]:
        """Turn points at a right angle to the first axis into points at a right angle to `mu`, by a reflection.

        It takes one of the axis's two poles to `mu`: the farther one, as to one at `mu` itself it would be undefined.
        """
        first = self.mu[:, :1]
        pole = jnp.where(first > 0, -1.0, 1.0) * (jnp.arange(self.units.size) == 0)
        along = jnp.sum(z * self.mu, axis=-1, keepdims=True)
        return z + (pole - self.mu) * along / (1 + jnp.abs(first))
