"""A third-party optimiser: Lion (Chen et al. 2023, arXiv:2302.06675), as Optax has it."""

from dataclasses import dataclass

import optax

import vae_jax
from vae_jax.config.checks import number
from vae_jax.core.traced import Number


@vae_jax.register("optimiser", "lion")
@dataclass(frozen=True)
class Lion:
    """Steps of one size, in the direction of the sign of the momentum.

    Attributes:
        b1, b2: how much of the momentum the direction and the momentum keep.
    """

    b1: Number = number(0.9, low=0, below=1)
    b2: Number = number(0.99, low=0, below=1)

    def transformation(self, rate):
        """The updates at a rate of the step."""
        return optax.lion(rate, self.b1, self.b2, weight_decay=0.0)
