"""A stranger's optimiser: Lion (Chen et al. 2023, arXiv:2302.06675), as Optax has it."""

from dataclasses import dataclass

import optax

import vae_jax
from vae_jax.checked_fields import number
from vae_jax.config import Number


@vae_jax.register("optimiser", "lion")
@dataclass(frozen=True)
class Lion:
    """Steps of one size in each weight, in the direction of a momentum.

    Attributes:
        b1, b2: how fast the direction and the momentum follow the gradient.
        weight_decay: the share of each weight that a step at rate 1 takes away.
    """

    b1: Number = number(0.9, low=0, below=1)
    b2: Number = number(0.99, low=0, below=1)
    weight_decay: Number = number(1e-3, low=0)

    def transformation(self, rate):
        """The updates at a rate of the step."""
        return optax.lion(rate, self.b1, self.b2, weight_decay=self.weight_decay)
