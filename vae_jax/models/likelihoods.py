"""Families of p(x|z): what a pixel costs, and the picture that is expected.

The decoder's output goes through a sigmoid to the mean of a pixel in [0, 1] in every family. A likelihood is
written as a loss of each pixel plus a constant, so that the post's squared error and the nats of the Gaussian that
it stands for are the same thing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.registry import Registry

Pixels = Float[Array, "batch height width channels"]
LogSigma = Float[Array, ""]


@dataclass(frozen=True)
class Likelihood:
    """A family of p(x|z).

    Attributes:
        pixel_loss: from pixels x, decoder outputs and log sigma to -log p of each pixel less `constant`, in nats.
        constant: what `pixel_loss` leaves out, in nats a pixel.
        learns_sigma: whether log sigma is a parameter of the model.
        over: what p is a density or a mass over; log-likelihoods over different things do not compare.
    """

    pixel_loss: Callable[[Pixels, Pixels, LogSigma], Pixels]
    constant: float = 0.0
    learns_sigma: bool = False
    over: str = "the reals"


def mean_image(output: Pixels) -> Pixels:
    """Return the expected picture, in [0, 1]."""
    return jax.nn.sigmoid(output)


def bernoulli(x: Pixels, output: Pixels, log_sigma: LogSigma) -> Pixels:
    """Cross-entropy; a grey pixel counts as that share of white."""
    del log_sigma
    return jax.nn.softplus(output) - x * output


def gaussian(x: Pixels, output: Pixels, log_sigma: LogSigma) -> Pixels:
    """A normal of one scale for all pixels; with that scale learned, Rybkin et al. 2021, arXiv:2006.13202."""
    error = (x - mean_image(output)) * jnp.exp(-log_sigma)
    return 0.5 * error**2 + log_sigma


def squared_error(x: Pixels, output: Pixels, log_sigma: LogSigma) -> Pixels:
    """The post's loss: a normal of variance 1/2, less its constant."""
    del log_sigma
    return (x - mean_image(output)) ** 2


LIKELIHOODS: Registry[Likelihood] = Registry(
    "config.model.likelihood",
    {
        "bernoulli": Likelihood(bernoulli, over="{0, 1}"),
        "gaussian": Likelihood(gaussian, constant=0.5 * math.log(2 * math.pi)),
        "gaussian_learned": Likelihood(gaussian, constant=0.5 * math.log(2 * math.pi), learns_sigma=True),
        "mse": Likelihood(squared_error, constant=0.5 * math.log(math.pi)),
    },
)
