"""The evidence lower bound, with any weight of its KL term."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Batch, Inference, Model
from vae_jax.objectives.contracts import Means, Metrics, ObjectiveBuild, Scalar, Terms
from vae_jax.schedules.warmups import beta_kl_at


class ELBO:
    """`recon + beta_kl * kl`: the negative ELBO at beta_kl 1 (Higgins et al. 2017 for other weights)."""

    def __init__(self, settings: None, build: ObjectiveBuild) -> None:
        self.build = build

    def own(self, key: Key[Array, ""], model: Model) -> nnx.Module | None:
        """Return None: there is nothing but the model."""
        return None

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the distortion and the rates of each example."""
        inference = model.infer(batch.x, batch.condition, noise, self.build.config.objective.samples)
        return elbo_terms(model, batch, inference)

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Charge each unit at least its free bits, so that it gains nothing by carrying less.

        See Kingma et al. 2016, arXiv:1606.04934, eq. 15: the mean over the batch counts.
        """
        metrics = elbo_metrics(means, self.build, beta_kl_at(step, self.build.config.objective))
        return metrics["loss"], metrics


def elbo_terms(model: Model, batch: Batch, inference: Inference) -> dict[str, Float[Array, "batch ..."]]:
    """Return what the ELBO is made of, of each example in nats.

    Returns:
        `distortion` `[batch]`, -log p(x|z) averaged over samples; `rates` `[batch, parts]`, KL(q || p) in closed form
        by part, else log q - log p of the samples as one part; `penalty` `[batch]` where the posterior has one.
    """
    distortion = -jnp.mean(model.decode(inference.z, batch.condition).log_prob(batch.x), axis=0)
    rates = inference.rates
    if rates is None:
        rates = jnp.mean(inference.log_q - inference.log_p, axis=0)[:, None]
    terms = {"distortion": distortion, "rates": rates}
    return terms if inference.penalty is None else terms | {"penalty": inference.penalty}


def elbo_metrics(means: Means, build: ObjectiveBuild, beta_kl: Scalar) -> Metrics:
    """Return the loss `recon + beta_kl * kl` and all that every run reports.

    Args:
        means: of `elbo_terms`.
        build: says how `recon` and `kl` are normalised.
        beta_kl: the weight of the KL term now.

    Returns:
        `beta_kl`; `loss`; `recon` and `kl` in the run's own normalisation, `kl` before it is weighted and with every
        part below its free bits raised to them; `distortion`, `rate` and `elbo` in nats per image.
    """
    distortion, rates = means["distortion"], means["rates"]
    rate, charged = jnp.sum(rates), jnp.sum(charged_rates(rates, build))
    recon, kl = normalised(distortion, charged, build)
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
        penalty = means["penalty"] / build.pixels if build.config.objective.reduction == "blog" else means["penalty"]
        metrics |= {"penalty": penalty, "loss": loss + penalty}
    return metrics


def charged_rates(rates: Float[Array, " parts"], build: ObjectiveBuild) -> Float[Array, " parts"]:
    """Return what each part is charged, in nats: its rate, or its free bits where these are more.

    Units that the member does not have get no free bits. Without free bits a rate counts as it is: an estimate from
    samples may be below 0.
    """
    given = jnp.broadcast_to(jnp.asarray(build.config.objective.free_bits), rates.shape)
    if len(rates) >= build.units.size:  # by unit
        own = len(rates) - (build.units.size - jnp.asarray(build.units.count))
        given = jnp.where(jnp.arange(len(rates)) < own, given, 0.0)
    return jnp.where(given > 0, jnp.maximum(rates, given), rates)


def normalised(distortion: Scalar, rate: Scalar, build: ObjectiveBuild) -> tuple[Scalar, Scalar]:
    """Return `recon` and `kl` in the run's normalisation from means per image, in nats.

    In `nats` they are these. The post's averages the loss over pixels, without the likelihood's constant, and sums the
    KL over the batch.
    """
    if build.config.objective.reduction == "blog":
        return distortion / build.pixels - build.constant, rate * build.batch_size
    return distortion, rate
