"""A stranger's optimiser: gradient descent with Nesterov's momentum, as Optax has it."""

from dataclasses import dataclass

import optax

import vae_jax
from vae_jax.checked_fields import number
from vae_jax.config import Number


@vae_jax.register("optimiser", "nesterov")
@dataclass(frozen=True)
class Nesterov:
    """Steps along a momentum that looks ahead (Sutskever et al. 2013).

    Attributes:
        momentum: the share of the last step that is taken again.
    """

    momentum: Number = number(0.9, low=0, below=1)

    def transformation(self, rate):
        """The updates at a rate of the step."""
        return optax.sgd(rate, self.momentum, nesterov=True)
