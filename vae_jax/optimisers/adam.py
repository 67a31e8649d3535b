"""Adam."""

from dataclasses import dataclass

import optax

from vae_jax.config.checks import number
from vae_jax.core.traced import Number
from vae_jax.optimisers.moments import scale_by_adam
from vae_jax.optimisers.skipping import skippable


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba 2015, arXiv:1412.6980.

    Attributes:
        b1, b2: decay rates of the two moments.
        eps: added to the denominator.
    """

    is_skippable = True

    b1: Number = number(0.9, low=0, below=1)
    b2: Number = number(0.999, low=0, below=1)
    eps: Number = number(1e-8, above=0)

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""
        return optax.chain(scale_by_adam(self.b1, self.b2, self.eps), skippable(optax.scale_by_learning_rate(rate)))
