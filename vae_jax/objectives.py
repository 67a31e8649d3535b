"""What is minimised, and the numbers that every run reports."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vae_jax.registry import Registry

Scalar = Float[Array, ""]


class Terms(NamedTuple):
    """The two costs of each image of a batch, in nats.

    Attributes:
        fit: -log p(x|z) less the likelihood's constant, `[batch]`.
        rates: each latent unit's part of KL(q(z|x) || p(z)), `[batch, latent]`.
    """

    fit: Float[Array, " batch"]
    rates: Float[Array, "batch latent"]


class Metrics(NamedTuple):
    """Means over a batch, or over several, under their names in `metrics.jsonl`.

    Attributes:
        beta_kl: the weight of `kl` at the time.
        loss: what was minimised.
        recon, kl: its two terms in the run's own normalisation, `kl` before it is weighted and with every unit below
            its free bits raised to them.
        distortion: -log p(x|z), in nats per image.
        rate: KL(q(z|x) || p(z)), in nats per image.
        elbo: -(distortion + rate), in nats per image.
    """

    beta_kl: Scalar
    loss: Scalar
    recon: Scalar
    kl: Scalar
    distortion: Scalar
    rate: Scalar
    elbo: Scalar


class Normalisation(NamedTuple):
    """What the two reductions need to know.

    Attributes:
        reduction: `nats` or `blog`.
        batch_size: images in a training batch (the post sums kl over it).
        pixels: pixels of an image, channels counted.
        constant: what the likelihood left out, in nats a pixel.
    """

    reduction: str
    batch_size: int
    pixels: int
    constant: float


def normalise(fit: Scalar, rate: Scalar, how: Normalisation) -> tuple[Scalar, Scalar]:
    """Return recon and kl in the run's normalisation from mean fit and mean rate per image."""
    if how.reduction == "blog":
        return fit / how.pixels, rate * how.batch_size
    return fit + how.pixels * how.constant, rate


def standard_beta_kl(beta_kl: float, how: Normalisation) -> float:
    """Return the beta_KL that weighs alike in nats per image (1e-4 of the post's on MNIST: about 2.5)."""
    return beta_kl * how.batch_size * how.pixels if how.reduction == "blog" else beta_kl


def elbo(terms: Terms, beta_kl: Scalar, free_bits: Float[Array, " latent"], how: Normalisation) -> Metrics:
    """`recon + beta_kl * kl`: the negative ELBO at beta_kl 1 (Higgins et al. 2017 for other weights).

    A unit is charged at least its free bits, in nats, so that it gains nothing by carrying less (Kingma et al. 2016,
    arXiv:1606.04934, eq. 15: the mean over the batch counts).
    """
    fit, rates = jnp.mean(terms.fit), jnp.mean(terms.rates, axis=0)
    rate, charged = jnp.sum(rates), jnp.sum(jnp.maximum(rates, free_bits))
    recon, kl = normalise(fit, charged, how)
    distortion = fit + how.pixels * how.constant
    return Metrics(beta_kl, recon + beta_kl * kl, recon, kl, distortion, rate, -(distortion + rate))


OBJECTIVES: Registry[Callable[[Terms, Scalar, Float[Array, " latent"], Normalisation], Metrics]] = Registry(
    "config.objective.name", {"elbo": elbo}
)


def metric_lines(metrics: Metrics) -> list[dict[str, float]]:
    """Turn metrics, each `[members]`, into one dict of plain floats a member.

    Each is the shortest decimal that is the same float32: a beta_kl of 0.1 is written as 0.1.
    """
    table = jax.device_get(metrics)._asdict()
    return [
        {name: float(np.format_float_scientific(each[member])) for name, each in table.items()}
        for member in range(len(table["loss"]))
    ]
