"""Adamax."""

from dataclasses import dataclass

import optax

from vae_jax.optimisers.adam import Adam
from vae_jax.optimisers.moments import scale_by_adamax
from vae_jax.optimisers.skipping import skippable


@dataclass(frozen=True)
class Adamax(Adam):
    """Adam with the largest of the past gradients in place of their root mean square (Kingma and Ba 2015, section 7).

    Attributes:
        b1, b2: how fast the direction and the largest gradient are forgotten.
        eps: added to each gradient's size.
    """

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""
        return optax.chain(scale_by_adamax(self.b1, self.b2, self.eps), skippable(optax.scale_by_learning_rate(rate)))
