"""RMSProp."""

from dataclasses import dataclass

import optax

from vae_jax.config.checks import is_off, number
from vae_jax.core.traced import Number


@dataclass(frozen=True)
class RMSProp:
    """Gradients over their root mean square (Tieleman and Hinton 2012, Coursera lecture 6.5; Graves 2013).

    Attributes:
        decay: of the mean square.
        eps: added to the mean square, within the root.
        momentum: the share of the last update that each update keeps; 0 means none.
        centred: subtract the square of the gradients' mean (arXiv:1308.0850, eq. 38 to 41).
    """

    decay: Number = number(0.9, low=0, below=1)
    eps: Number = number(1e-8, above=0)
    momentum: Number = number(0.0, low=0, below=1, off=0.0)
    centred: bool = False

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""
        momentum = None if is_off(self.momentum) else self.momentum
        return optax.rmsprop(rate, self.decay, self.eps, centered=self.centred, momentum=momentum)
