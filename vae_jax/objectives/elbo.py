"""The evidence lower bound, with a weight on the KL term."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Batch, Inference, Model
from vae_jax.objectives.contracts import Means, Metrics, ObjectiveBuild, Scalar, Terms
from vae_jax.schedules.warmups import beta_kl_at


class ELBO:
    """`recon + beta_kl * kl`: the negative ELBO at beta_kl 1, else the beta-VAE (Higgins et al. 2017)."""

    def __init__(self, settings: None, build: ObjectiveBuild) -> None:
        self.build = build

    def own(self, key: Key[Array, ""], model: Model) -> nnx.Module | None:
        """Return None: it has no module of its own."""
        return None

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the distortion and the rates of each example."""
        inference = model.infer(batch.x, batch.condition, noise, self.build.config.objective.samples)
        return elbo_terms(model, batch, inference)

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return the loss, in which each unit's mean rate over the batch counts at least as its free bits.

        See Kingma et al. 2016, arXiv:1606.04934, eq. 15.
        """
        metrics = elbo_metrics(means, self.build, beta_kl_at(step, self.build.config.objective))
        return metrics["loss"], metrics


def log_likelihoods(model: Model, batch: Batch, z: Float[Array, "k batch units"]) -> Float[Array, "k batch"]:
    """Return log p(x|z) of every sample, in nats."""
    return model.decode(z, batch.condition).log_prob(batch.x)


def elbo_terms(model: Model, batch: Batch, inference: Inference) -> dict[str, Float[Array, "batch ..."]]:
    """Return the terms of the ELBO for each example, as `terms_of` does."""
    return terms_of(log_likelihoods(model, batch, inference.z), inference)


def terms_of(log_likelihood: Float[Array, "k batch"], inference: Inference) -> dict[str, Float[Array, "batch ..."]]:
    """Return the terms of the ELBO for each example, in nats.

    Args:
        log_likelihood: log p(x|z) of the samples of `inference`.
        inference: of the examples.

    Returns:
        `distortion` `[batch]`, -log p(x|z) averaged over samples; `rates` `[batch, parts]`, KL(q || p) by part in
        closed form, else log q - log p averaged over samples as one part; `penalty` `[batch]` if the posterior has one.
    """
    distortion = -jnp.mean(log_likelihood, axis=0)
    rates = inference.rates
    if rates is None:
        rates = jnp.mean(inference.log_q - inference.log_p, axis=0)[:, None]
    terms = {"distortion": distortion, "rates": rates}
    return terms if inference.penalty is None else terms | {"penalty": inference.penalty}


def elbo_metrics(means: Means, build: ObjectiveBuild, beta_kl: Scalar) -> Metrics:
    """Return the loss `recon + beta_kl * kl` and the metrics that every run reports.

    Args:
        means: of `elbo_terms`.
        build: its config gives the normalisation of `recon` and `kl`.
        beta_kl: the weight of the KL term at this step.

    Returns:
        `beta_kl`; `loss`; `recon` and `kl` in the run's own normalisation, `kl` unweighted and with free bits applied;
        `distortion`, `rate` and `elbo` in nats per image; `penalty` if the posterior has one.
    """
    distortion, rates = means["distortion"], means["rates"]
    rate, kl = jnp.sum(rates), jnp.sum(charged_rates(rates, build))
    recon, blog = distortion, build.config.objective.reduction == "blog"
    if blog:  # recon is a mean over pixels, without the likelihood's constant, and kl a sum over the batch
        recon, kl = distortion / build.pixels - build.constant, kl * build.batch_size
    loss = recon + beta_kl * kl
    metrics = {
        "beta_kl": beta_kl,
        "loss": loss,
        "recon": recon,
        "kl": kl,
        "distortion": distortion,
        "rate": rate,
        "elbo": -(distortion + rate),
    }
    if "penalty" in means:
        penalty = means["penalty"] / build.pixels if blog else means["penalty"]
        metrics |= {"penalty": penalty, "loss": loss + penalty}
    return metrics


def charged_rates(rates: Float[Array, " parts"], build: ObjectiveBuild) -> Float[Array, " parts"]:
    """Return the larger of the rate and the free bits of each part, in nats.

    Masked units have no free bits. Without free bits a rate is unchanged, as an estimate from samples may be negative.
    """
    free_bits = jnp.broadcast_to(jnp.asarray(build.config.objective.free_bits), rates.shape)
    if len(rates) >= build.units.size:  # by unit
        own = len(rates) - (build.units.size - jnp.asarray(build.units.count))
        free_bits = jnp.where(jnp.arange(len(rates)) < own, free_bits, 0.0)
    return jnp.where(free_bits > 0, jnp.maximum(rates, free_bits), rates)
