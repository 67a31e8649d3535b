"""A KL that is held at a rising target."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Int

from vae_jax.config.checks import number
from vae_jax.core.traced import Count, Number
from vae_jax.objectives.contracts import Means, Metrics, ObjectiveBuild, Scalar
from vae_jax.objectives.elbo import ELBO


class Capacity(ELBO):
    """`recon + beta_kl * gamma * |kl - C|` of the batch's mean KL (Burgess et al. 2018, arXiv:1804.03599).

    The capacity C, in nats, rises linearly from 0. The metric `kl` is without it.
    """

    charges_free_bits = False
    needs_whole_batch = True

    @dataclass(frozen=True)
    class Settings:
        """The capacity, and the weight of the distance to it.

        Attributes:
            gamma: the weight; `objective.beta_kl` and its warm-up multiply it.
            target: C at the end of its rise, in nats an image.
            steps: length of the rise.
        """

        gamma: Number = number(1000.0, low=0)
        target: Number = number(25.0, low=0)
        steps: Count = number(100_000, low=1)

    def __init__(self, settings: Settings, build: ObjectiveBuild) -> None:
        super().__init__(None, build)
        self.settings = settings

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return the loss."""
        _, metrics = super().loss(means, step)
        capacity = self.settings.target * jnp.minimum(step / self.settings.steps, 1.0)
        weight = metrics["beta_kl"] * self.settings.gamma
        if self.build.config.objective.reduction == "blog":
            weight *= self.build.batch_size
        loss = metrics["recon"] + weight * jnp.abs(metrics["rate"] - capacity) + metrics.get("penalty", 0.0)
        return loss, metrics | {"loss": loss, "capacity": capacity}
