"""Random draws by use, example and latent unit: parts of a model ask for arrays and never see a key.

In training the draws depend on (member, step, place in the batch), in evaluation on (member, image), so that neither
the batch size of evaluation nor the devices that a batch is spread over change them. A latent unit's draws are the same
for every number of units: JAX's generator (`jax_threefry_partitionable`) hashes a key and a number's place, and units
are the last axis.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Int32, Key

from vae_jax.core.random_keys import named
from vae_jax.core.units import Units

Draw = Callable[[Key[Array, ""], tuple[int, ...]], Float[Array, "..."]]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Noise:
    """The random draws of a batch of examples.

    Attributes:
        key: of the member and the step in training, of the member in evaluation.
        batch: examples of the batch (of this device's share, where a batch is spread over devices).
        index: `[batch]`, each image's index in its split; None in training.
        first: the place in the whole batch of this share's first example.
    """

    key: Key[Array, ""]
    batch: int = field(metadata={"static": True})
    index: Int[Array, " batch"] | None = None
    first: Int[Array, ""] | int = 0

    @property
    def places(self) -> Int[Array, " batch"]:
        """What tells the examples apart: their indices in the split or, in training, their places in the batch."""
        return self.first + jnp.arange(self.batch) if self.index is None else self.index

    def normal(
        self, use: str, units: Units, lead: tuple[int, ...] = (), positions: tuple[int, ...] = ()
    ) -> Float[Array, "..."]:
        """Draw standard normal noise, the same for every number of units.

        Args:
            use: a name; two uses have independent draws.
            units: the last axis.
            lead: axes before the batch, such as samples of each image.
            positions: axes between the batch and the units, where a code has positions.

        Returns:
            `[*lead, batch, *positions, units]`.
        """
        count = math.prod(lead) * math.prod(positions)

        def of_example(key: Key[Array, ""]) -> Float[Array, "*shape"]:
            keys = jax.vmap(lambda place: jax.random.fold_in(key, place))(jnp.arange(count))
            drawn = jax.vmap(lambda own: jax.random.normal(own, (units.size,)))(keys)
            return drawn.reshape(*lead, *positions, units.size)

        return jax.vmap(of_example, out_axes=len(lead))(self._keys(use))

    def normal_like(self, use: str, shape: tuple[int, ...], lead: tuple[int, ...] = ()) -> Float[Array, "..."]:
        """Draw standard normal noise, `[*lead, batch, *shape]`."""
        return self._drawn(jax.random.normal, use, shape, lead)

    def uniform(self, use: str, shape: tuple[int, ...] = (), lead: tuple[int, ...] = ()) -> Float[Array, "..."]:
        """Draw uniform numbers in [0, 1), `[*lead, batch, *shape]`."""
        return self._drawn(jax.random.uniform, use, shape, lead)

    def gamma(
        self, use: str, a: Float[Array, ""] | float, shape: tuple[int, ...] = (), lead: tuple[int, ...] = ()
    ) -> Float[Array, "..."]:
        """Draw numbers of the gamma distribution with exponent `a` and scale 1, `[*lead, batch, *shape]`."""
        return self._drawn(lambda key, shape: jax.random.gamma(key, a, shape), use, shape, lead)

    def permutation(self, use: str, units: Units) -> Int32[Array, "batch units"]:
        """Draw a permutation of the examples for each unit."""
        keys = units.keys(named(self.key, use))
        orders: Int32[Array, "batch units"] = jax.vmap(
            lambda key: jax.random.permutation(key, self.batch).astype(jnp.int32), out_axes=-1
        )(keys)
        return orders

    def _keys(self, use: str) -> Key[Array, " batch"]:
        """Return a key for each example."""
        key = named(self.key, use)
        return jax.vmap(lambda place: jax.random.fold_in(key, place))(self.places)

    def _drawn(self, draw: Draw, use: str, shape: tuple[int, ...], lead: tuple[int, ...]) -> Float[Array, "..."]:
        return jax.vmap(lambda key: draw(key, (*lead, *shape)), out_axes=len(lead))(self._keys(use))
