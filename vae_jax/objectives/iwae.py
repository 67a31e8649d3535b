"""Importance-weighted bounds: with `objective.samples` = k samples of each image, tighter the more there are."""

import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Batch, HasLogProb, Inference, Model
from vae_jax.objectives.contracts import Means, Metrics, ObjectiveBuild, Scalar, Terms
from vae_jax.objectives.elbo import elbo_metrics, elbo_terms
from vae_jax.schedules.warmups import beta_kl_at

LogWeights = Float[Array, "k batch"]


class IWAE:
    """The bound of Burda et al. 2016, arXiv:1509.00519, eq. 8; `beta_kl` weighs log q - log p in the weights."""

    charges_free_bits = False

    def __init__(self, settings: None, build: ObjectiveBuild) -> None:
        """Keep what it is built with.

        Raises:
            UserError: the post's reduction is asked for, in which a bound on log p(x) has no meaning.
        """
        if build.config.objective.reduction != "nats":
            raise UserError(
                f"config.objective.reduction: found {build.config.objective.reduction!r}; "
                f"config.objective.name={build.config.objective.name} needs nats"
            )
        self.build = build

    def own(self, key: Key[Array, ""], model: Model) -> nnx.Module | None:
        """Return None: there is nothing but the model."""
        return None

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the bound of each example, and the parts of its ELBO."""
        objective = self.build.config.objective
        inference = model.infer(batch.x, batch.condition, noise, objective.samples)
        log_w = log_weights(model, batch, inference, beta_kl_at(step, objective))
        return with_penalty({"bound": log_mean(log_w)}, inference) | _reported(model, batch, inference)

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return minus the bound."""
        metrics = elbo_metrics(
            {name: term for name, term in means.items() if name != "bound"},
            self.build,
            beta_kl_at(step, self.build.config.objective),
        )
        loss = -means["bound"] + means.get("penalty", 0.0)
        return loss, metrics | {"loss": loss, "bound": means["bound"]}


class IWAEDReG(IWAE):
    """The same bound with the doubly reparameterised gradient of the encoder (Tucker et al. 2019, arXiv:1810.04152)."""

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the bound of each example, whose gradient is that of eq. 5 there, and the parts of its ELBO.

        Raises:
            UserError: the posterior's density is not known at given points.
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
            at_z = inference._replace(z=z, log_q=fixed.log_prob(z), log_p=p.log_prob(z))
            return log_weights(model, batch, at_z, beta_kl)

        share = jax.lax.stop_gradient(jax.nn.softmax(weights_at(jax.lax.stop_gradient(inference.z)), axis=0))
        # The decoder's gradient is weighed by the shares, the encoder's, which passes z, by their squares; at other
        # beta_kl by share * (1 - beta_kl + beta_kl * share): what log q's own gradient turns into counts beta_kl times.
        log_w = weights_at(scaled_gradient(inference.z, (1 - beta_kl + beta_kl * share)[..., None]))
        surrogate = jnp.sum(share * log_w, axis=0)
        bound = jax.lax.stop_gradient(log_mean(log_w) - surrogate) + surrogate
        return with_penalty({"bound": bound}, inference) | _reported(model, batch, inference)


def log_weights(model: Model, batch: Batch, inference: Inference, beta_kl: Scalar) -> LogWeights:
    """Return log p(x|z) + beta_kl * (log p(z) - log q(z|x)) of every sample."""
    log_likelihood = model.decode(inference.z, batch.condition).log_prob(batch.x)
    return log_likelihood + beta_kl * (inference.log_p - inference.log_q)


def log_mean(log_w: LogWeights) -> Float[Array, " batch"]:
    """Return the log of the weights' mean over samples."""
    return jax.nn.logsumexp(log_w, axis=0) - math.log(len(log_w))


def with_penalty(
    terms: Mapping[str, Float[Array, "batch ..."]], inference: Inference
) -> dict[str, Float[Array, "batch ..."]]:
    """Add the posterior's own cost, where it has one."""
    return dict(terms) if inference.penalty is None else {**terms, "penalty": inference.penalty}


def _reported(model: Model, batch: Batch, inference: Inference) -> dict[str, Float[Array, "batch ..."]]:
    """Return the parts of the ELBO, which is shown and has no gradient."""
    terms = elbo_terms(model, batch, inference)
    return {name: jax.lax.stop_gradient(terms[name]) for name in ("distortion", "rates")}


@jax.custom_vjp
def scaled_gradient(x: Float[Array, "..."], scale: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return `x`, whose gradient is multiplied by `scale`."""
    del scale
    return x


def _forward(x: Float[Array, "..."], scale: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return x, scale


def _backward(scale: Float[Array, "..."], grad: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return grad * scale, jnp.zeros_like(scale)


scaled_gradient.defvjp(_forward, _backward)
