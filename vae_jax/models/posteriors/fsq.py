"""Finite scalar quantisation (Mentzer et al. 2023, arXiv:2309.15505)."""

import math
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int32, Key

from vae_jax.config.checks import limited
from vae_jax.core.units import UnitCount, Units
from vae_jax.models.contracts import Build, HasLogProb
from vae_jax.models.dense import UnitHead
from vae_jax.models.priors.uniform_codes import PointMass, check_uniform


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ScalarCodes:
    """Each unit takes one of `codes` values, evenly spaced from -1 to 1."""

    units: Units
    codes: int = field(metadata={"static": True})

    @property
    def positions(self) -> int:
        """Return the number of units: each is a position."""
        return self.units.size

    def latents(self, chosen: Int32[Array, "*lead positions"]) -> Float[Array, "*lead units"]:
        """Return the value of each unit."""
        return jnp.where(self.units.mask, 2 * chosen / (self.codes - 1) - 1, 0.0)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log mass of the uniform distribution."""
        return jnp.full(z.shape[:-1], -math.log(self.codes)) * self.units.count


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class QuantisedUnits(PointMass):
    """A single point for each example: every unit at the nearest of its values."""

    z: Float[Array, "batch units"]
    book: ScalarCodes

    def kl(self, p: HasLogProb) -> Float[Array, "batch units"]:
        """Return log `codes` for each unit, in nats: the KL to a uniform prior.

        Raises:
            UserError: the prior is not uniform over the codes.
        """
        check_uniform(p, "fsq")
        return jnp.broadcast_to(jnp.where(self.book.units.mask, math.log(self.book.codes), 0.0), self.z.shape)


class FSQ(nnx.Module):
    """One number for each unit from the features, bounded and rounded; gradients are straight-through."""

    @dataclass(frozen=True)
    class Settings:
        """The codes.

        Attributes:
            levels: number of values of each unit.
        """

        levels: int = limited(5, low=2, high=1000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        self.levels, self.size = settings.levels, build.units.size
        self.head = UnitHead(1, build, key)
        self.count = UnitCount(jnp.asarray(build.units.count, jnp.int32))

    @property
    def codebook(self) -> ScalarCodes:
        """The values of every unit."""
        return ScalarCodes(Units(self.size, self.count[...]), self.levels)

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> QuantisedUnits:
        """Return the point of each example."""
        (number,) = self.head(features)
        half = (self.levels - 1) / 2
        bounded = half * jnp.tanh(number)
        # An even number of values has none at 0: the grid is shifted by a half.
        shift = 0.0 if self.levels % 2 else 0.5
        rounded = jnp.clip(jnp.round(bounded - shift) + shift, -half, half)
        z = (bounded + jax.lax.stop_gradient(rounded - bounded)) / half
        return QuantisedUnits(jnp.where(units.mask, z, 0.0), self.codebook)
