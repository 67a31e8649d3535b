"""Stochastic gradient descent."""

from dataclasses import dataclass

import optax

from vae_jax.config.checks import is_off, number
from vae_jax.core.traced import Number


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum (Sutskever et al. 2013).

    Attributes:
        momentum: the share of the last update that each update keeps; 0 means none.
        nesterov: look ahead along the momentum, which needs some.
    """

    momentum: Number = number(0.9, low=0, below=1, off=0.0)
    nesterov: bool = False

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""
        return optax.sgd(rate, None if is_off(self.momentum) else self.momentum, self.nesterov)
