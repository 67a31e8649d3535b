"""A third-party optimiser: Adamax (Kingma and Ba 2015, arXiv:1412.6980, section 7), as Optax has it."""

from dataclasses import dataclass

import optax

import vae_jax
from vae_jax.config.checks import number
from vae_jax.core.traced import Number


@vae_jax.register("optimiser", "adamax")
@dataclass(frozen=True)
class Adamax:
    """Adam with the largest of the past gradients in place of their mean square.

    Attributes:
        b1, b2: how fast the direction and the largest gradient are forgotten.
    """

    b1: Number = number(0.9, low=0, below=1)
    b2: Number = number(0.999, low=0, below=1)

    def transformation(self, rate):
        """The updates at a rate of the step."""
        return optax.adamax(rate, self.b1, self.b2)
