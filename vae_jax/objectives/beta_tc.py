"""beta-TCVAE: a separate weight for the total correlation of the latent units."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from vae_jax.config.checks import number
from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.traced import Number
from vae_jax.models.contracts import Batch, HasUnitLogProb, Model
from vae_jax.objectives.contracts import Means, Metrics, Scalar, Terms
from vae_jax.objectives.elbo import elbo_terms
from vae_jax.objectives.within_batch import WithinBatch


class BetaTC(WithinBatch):
    """The ELBO, and `strength - 1` times the total correlation (Chen et al. 2018, arXiv:1802.04942, eq. 4).

    The total correlation is estimated within a batch by minibatch stratified sampling (ibid., appendix C.2): in the
    mixture q(z) the posterior of z's own image has weight 1 / images, and the other posteriors of the batch share the
    rest evenly.
    """

    @dataclass(frozen=True)
    class Settings:
        """The weight.

        Attributes:
            strength: the weight of the total correlation; 1 gives the ELBO.
        """

        strength: Number = number(4.0, low=0)

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the terms of the ELBO and the total correlation of each example.

        Raises:
            UserError: the posterior's units are not independent.
        """
        inference = model.infer(batch.x, batch.condition, noise, self.build.config.objective.samples)
        if not isinstance(inference.q, HasUnitLogProb):
            raise UserError(
                "config.objective.name: found 'beta_tc', which needs config.model.name=vae and a posterior of "
                "independent units such as config.model.posterior=diagonal_gaussian"
            )
        correlation = total_correlation(inference.q, inference.z[0], self.build.images, model.units.mask)
        return elbo_terms(model, batch, inference) | {"total_correlation": correlation}

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return the loss, in which the total correlation has the weight `beta_kl * strength`."""
        _, metrics = super().loss(means, step)
        weight = metrics["beta_kl"] * (self.settings.strength - 1)
        if self.build.config.objective.reduction == "blog":
            weight *= self.build.batch_size
        loss = metrics["loss"] + weight * means["total_correlation"]
        return loss, metrics | {"loss": loss, "total_correlation": means["total_correlation"]}


def total_correlation(
    q: HasUnitLogProb, z: Float[Array, "batch units"], images: int, mask: Bool[Array, " units"]
) -> Float[Array, " batch"]:
    """Estimate log q(z) - sum over units of log q(z_unit) for each example of a batch, in nats.

    Args:
        q: the posteriors of the batch.
        z: a sample of each.
        images: number of images in the data set; at least two of them are in the batch.
        mask: False for masked units.
    """
    pairs = q.unit_log_prob(z[:, None, :])  # [sample, posterior, unit]
    others = math.log1p(-1 / images) - math.log(len(z) - 1) if images > 1 else -math.inf
    shares = jnp.where(jnp.eye(len(z), dtype=bool), -math.log(images), others)
    joint = jax.nn.logsumexp(jnp.sum(pairs, axis=-1) + shares, axis=1)
    alone = jax.nn.logsumexp(pairs + shares[..., None], axis=1)
    return joint - jnp.sum(jnp.where(mask, alone, 0.0), axis=-1)
