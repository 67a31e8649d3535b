"""Adam with decoupled weight decay."""

from dataclasses import dataclass

import optax

from vae_jax.config.checks import number
from vae_jax.core.traced import Number
from vae_jax.optimisers.adam import Adam
from vae_jax.optimisers.moments import scale_by_adam
from vae_jax.optimisers.skipping import skippable


@dataclass(frozen=True)
class AdamW(Adam):
    """Loshchilov and Hutter 2019, arXiv:1711.05101: each step also shrinks the weights by rate times decay.

    Attributes:
        b1, b2: decay rates of the two moments.
        eps: added to the denominator.
        weight_decay: the fraction of each weight that a step at rate 1 removes.
    """

    weight_decay: Number = number(1e-2, low=0)

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""
        return optax.chain(
            scale_by_adam(self.b1, self.b2, self.eps),
            optax.add_decayed_weights(self.weight_decay),
            skippable(optax.scale_by_learning_rate(rate)),
        )
