"""A tighter bound for the decoder than for the encoder."""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Batch, Model
from vae_jax.objectives.contracts import Means, Metrics, Scalar, Terms
from vae_jax.objectives.elbo import log_likelihoods, terms_of
from vae_jax.objectives.iwae import LogWeights, log_mean, log_weights, scaled_gradient, with_bound
from vae_jax.objectives.miwae import MIWAE
from vae_jax.schedules.warmups import beta_kl_at

LEAST_SHARE = 1e-20  # of a group in all weights: below what 32 bits add to the others', and far from underflow


class PIWAE(MIWAE):
    """IWAE of all samples for the decoder, the likelihood and the prior; MIWAE for the encoder.

    See Rainforth et al. 2018, arXiv:1802.04537. `bound` is IWAE, `encoder_bound` MIWAE. A step costs as much
    as one of IWAE.
    """

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return both bounds of each example, the first with the gradients of both, and the terms of the ELBO.

        Raises:
            UserError: the model has several levels, of which one is the prior of another.
        """
        objective = self.build.config.objective
        inference = model.infer(batch.x, batch.condition, noise, objective.samples)
        if inference.p is None:
            raise UserError("config.objective.name: found 'piwae', which needs config.model.name=vae; or use miwae")
        beta_kl = beta_kl_at(step, objective)
        log_likelihood = jax.lax.stop_gradient(log_likelihoods(model, batch, inference.z))
        log_w = jax.lax.stop_gradient(log_weights(log_likelihood, inference, beta_kl))
        shares, ratio = self.shares(log_w)
        # The gradient of log p(x, z) arrives at z as the decoder's, and goes on from there as the encoder's.
        z = scaled_gradient(inference.z, ratio[..., None])
        log_joint = log_likelihoods(model, batch, z) + beta_kl * inference.p.log_prob(z)
        surrogate = jnp.sum(shares * (log_joint - ratio * beta_kl * inference.log_q), axis=0)
        bound = jax.lax.stop_gradient(log_mean(log_w) - surrogate) + surrogate
        return with_bound(bound, terms_of(log_likelihood, inference)) | {"encoder_bound": self.bound(log_w)}

    def shares(self, log_w: LogWeights) -> tuple[Float[Array, "k batch"], Float[Array, "k batch"]]:
        """Return how much each sample counts in the decoder's gradient, and how many times as much in the encoder's.

        A group's share of all weights is at least `LEAST_SHARE`, so that the ratio is finite.
        """
        of_groups = self.grouped(log_w)
        group = jnp.maximum(jax.nn.softmax(jax.nn.logsumexp(of_groups, axis=1), axis=0), LEAST_SHARE)[:, None]
        shares = jax.nn.softmax(of_groups, axis=1) * group
        ratio = jnp.broadcast_to(1 / (self.groups * group), shares.shape)
        return shares.reshape(log_w.shape), ratio.reshape(log_w.shape)

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return minus the bound."""
        loss, metrics = super().loss(means, step)
        return loss, metrics | {"encoder_bound": means["encoder_bound"]}
