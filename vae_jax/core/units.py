"""Latent units: arrays have `size` of them, of which a member uses the first `count`."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Int, Key, Shaped

from vae_jax.core.random_keys import unit_keys
from vae_jax.core.traced import Count


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Units:
    """The latent units of a member.

    Attributes:
        size: units in every array of the program.
        count: units that the member uses, the first ones; may be traced.
    """

    size: int = field(metadata={"static": True})
    count: Count

    @property
    def mask(self) -> Bool[Array, " units"]:
        """Which units the member uses."""
        return jnp.arange(self.size) < self.count

    def keys(self, key: Key[Array, ""]) -> Key[Array, " units"]:
        """Return a key for each unit, the same for every number of units."""
        return unit_keys(key, self.size)

    def reversed(self, values: Shaped[Array, "*lead units"]) -> Shaped[Array, "*lead units"]:
        """Reverse the order of the units that the member uses; the others keep their places."""
        place = jnp.arange(self.size)
        back: Shaped[Array, "*lead units"] = values[..., jnp.where(self.mask, self.count - 1 - place, place)]
        return back


class UnitCount(nnx.Variable[Int[Array, ""]]):
    """How many units a model uses: a constant, not a parameter."""
