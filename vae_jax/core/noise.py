"""Random draws by use and latent unit: parts of a model ask for arrays and never see a key.

In training the draws depend on (member, step), in evaluation on (member, image), so that the batch size of evaluation
changes nothing. Each latent unit has its own key, so that its draws are the same for every number of units.
"""

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
        whole, first: size of the whole batch, and the index in it of this share's first example.
    """

    key: Key[Array, ""]
    batch: int = field(metadata={"static": True})
    index: Int[Array, " batch"] | None = None
    whole: int = field(default=0, metadata={"static": True})
    first: Int[Array, ""] | int = 0

    def normal(
        self, use: str, units: Units, lead: tuple[int, ...] = (), positions: tuple[int, ...] = ()
    ) -> Float[Array, "..."]:
        """Draw standard normal noise, each unit's from its own key.

        Args:
            use: a name; two uses have independent draws.
            units: the last axis.
            lead: axes before the batch, such as samples of each image.
            positions: axes between the batch and the units, where a code has positions.

        Returns:
            `[*lead, batch, *positions, units]`.
        """
        keys = units.keys(named(self.key, use))
        return jax.vmap(lambda key: self._drawn(key, lead, positions), out_axes=-1)(keys)

    def normal_like(self, use: str, shape: tuple[int, ...], lead: tuple[int, ...] = ()) -> Float[Array, "..."]:
        """Draw standard normal noise, `[*lead, batch, *shape]`, from one key."""
        return self._drawn(named(self.key, use), lead, shape)

    def uniform(self, use: str, shape: tuple[int, ...] = (), lead: tuple[int, ...] = ()) -> Float[Array, "..."]:
        """Draw uniform numbers in [0, 1), `[*lead, batch, *shape]`, from one key."""
        return self._drawn(named(self.key, use), lead, shape, jax.random.uniform)

    def permutation(self, use: str, units: Units) -> Int32[Array, "batch units"]:
        """Draw a permutation of the examples for each unit."""
        keys = units.keys(named(self.key, use))
        orders: Int32[Array, "batch units"] = jax.vmap(
            lambda key: jax.random.permutation(key, self.batch).astype(jnp.int32), out_axes=-1
        )(keys)
        return orders

    def _drawn(
        self, key: Key[Array, ""], lead: tuple[int, ...], shape: tuple[int, ...], draw: Draw = jax.random.normal
    ) -> Float[Array, "..."]:
        if self.index is not None:
            keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(self.index)
            return jax.vmap(lambda of_image: draw(of_image, (*lead, *shape)), out_axes=len(lead))(keys)
        drawn = draw(key, (*lead, self.whole or self.batch, *shape))
        if not self.whole or self.whole == self.batch:
            return drawn
        return jax.lax.dynamic_slice_in_dim(drawn, self.first, self.batch, axis=len(lead))
