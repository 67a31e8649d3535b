"""Importance-weighted bounds, which are tighter with more samples of each image (`objective.samples`)."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Batch, HasLogProb, Inference, Model
from vae_jax.objectives.contracts import Means, Metrics, ObjectiveBuild, Scalar, Terms
from vae_jax.objectives.elbo import ELBO, elbo_metrics, elbo_terms, log_likelihoods, terms_of
from vae_jax.schedules.warmups import beta_kl_at

LogWeights = Float[Array, "k batch"]


class IWAE(ELBO):
    """The bound of Burda et al. 2016, arXiv:1509.00519, eq. 8; `beta_kl` is the weight of log q - log p in log w."""

    charges_free_bits = False
    least_samples = 2  # with one it is the ELBO, with a noisier estimate of the KL

    def __init__(self, settings: None, build: ObjectiveBuild) -> None:
        """Keep the settings.

        Raises:
            UserError: the reduction is the post's, in which a bound on log p(x) has no meaning.
        """
        if build.config.objective.reduction != "nats":
            raise UserError(
                f"config.objective.reduction: found {build.config.objective.reduction!r}; "
                f"config.objective.name={build.config.objective.name} needs nats"
            )
        super().__init__(None, build)

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the bound of each example, and the terms of its ELBO."""
        objective = self.build.config.objective
        inference = model.infer(batch.x, batch.condition, noise, objective.samples)
        log_likelihood = log_likelihoods(model, batch, inference.z)
        log_w = log_weights(log_likelihood, inference, beta_kl_at(step, objective))
        return with_bound(self.bound(log_w), terms_of(log_likelihood, inference))

    def bound(self, log_w: LogWeights) -> Float[Array, " batch"]:
        """Return the bound of each example."""
        return log_mean(log_w)

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return minus the bound."""
        metrics = elbo_metrics(means, self.build, beta_kl_at(step, self.build.config.objective))
        loss = -means["bound"] + means.get("penalty", 0.0)
        return loss, metrics | {"loss": loss, "bound": means["bound"]}


class IWAEDReG(IWAE):
    """The same bound with the doubly reparameterised gradient of the encoder (Tucker et al. 2019, arXiv:1810.04152)."""

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the bound of each example, with the gradient of eq. 5 of the paper, and the terms of its ELBO.

        Raises:
            UserError: the posterior's density can't be evaluated at any point.
        """
        objective = self.build.config.objective
        inference = model.infer(batch.x, batch.condition, noise, objective.samples)
        p = inference.p
        if p is None or not isinstance(inference.q, HasLogProb):
            raise UserError(
                "config.objective.name: found 'iwae_dreg', which needs config.model.name=vae and a posterior whose "
                "density is known at given points, such as config.model.posterior=diagonal_gaussian; or use iwae"
            )
        beta_kl, fixed = beta_kl_at(step, objective), jax.tree.map(jax.lax.stop_gradient, inference.q)

        def weights_at(z: Float[Array, "k batch units"]) -> LogWeights:
            at_z = inference._replace(log_q=fixed.log_prob(z), log_p=p.log_prob(z))
            return log_weights(log_likelihoods(model, batch, z), at_z, beta_kl)

        # The compiled program decodes once: that z's gradient is scaled or stopped does not change what is decoded.
        share = jax.lax.stop_gradient(jax.nn.softmax(weights_at(jax.lax.stop_gradient(inference.z)), axis=0))
        # The decoder's gradient has the weights `share`; the encoder's, through z, has their squares, and at other
        # beta_kl `share * (1 - beta_kl + beta_kl * share)`: the reparameterised score term counts beta_kl times.
        log_w = weights_at(scaled_gradient(inference.z, (1 - beta_kl + beta_kl * share)[..., None]))
        surrogate = jnp.sum(share * log_w, axis=0)
        bound = jax.lax.stop_gradient(log_mean(log_w) - surrogate) + surrogate
        return with_bound(bound, elbo_terms(model, batch, inference))


def log_weights(log_likelihood: LogWeights, inference: Inference, beta_kl: Scalar) -> LogWeights:
    """Return log w = log p(x|z) + beta_kl * (log p(z) - log q(z|x)) of every sample."""
    return log_likelihood + beta_kl * (inference.log_p - inference.log_q)


def log_mean(log_w: LogWeights) -> Float[Array, " batch"]:
    """Return the log of the mean weight over samples."""
    return jax.nn.logsumexp(log_w, axis=0) - math.log(len(log_w))


def with_bound(bound: Float[Array, " batch"], terms: Terms) -> dict[str, Float[Array, "batch ..."]]:
    """Return the bound, and the terms of the ELBO; of these only the penalty has a gradient."""
    reported = {name: jax.lax.stop_gradient(terms[name]) for name in ("distortion", "rates")}
    return {**terms, **reported, "bound": bound}


@jax.custom_vjp
def scaled_gradient(x: Float[Array, "..."], scale: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return `x`; its gradient is multiplied by `scale`."""
    return x


def _forward(x: Float[Array, "..."], scale: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return x, scale


def _backward(scale: Float[Array, "..."], grad: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return grad * scale, jnp.zeros_like(scale)


scaled_gradient.defvjp(_forward, _backward)
