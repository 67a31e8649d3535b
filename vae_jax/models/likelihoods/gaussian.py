"""Gaussian likelihoods around the sigmoid of the decoder's output, with one sigma, fixed or learned."""

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.core.traced import Number
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GaussianPixels:
    """Each pixel is N(sigmoid(output), exp(log_sigma)^2); `log_sigma` is one number, or one of each image."""

    outputs: Float[Array, "*lead height width channels"]
    log_sigma: Number | Float[Array, "*lead 1 1 1"]

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        error = (x - self.mean()) * jnp.exp(-self.log_sigma)
        return -summed_over_pixels(0.5 * error**2 + self.log_sigma + Gaussian.constant)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean image."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw each pixel; draws may lie outside [0, 1]."""
        eps = noise.normal_like("pixels", self.outputs.shape[-3:], self.outputs.shape[:-4])
        return self.mean() + jnp.exp(self.log_sigma) * eps


class Gaussian(nnx.Module):
    """Sigma is `model.likelihood_sigma`, for pixels in [0, 1]."""

    outputs, constant, support = 1, 0.5 * math.log(2 * math.pi), "the reals"
    variable: Any = nnx.Variable  # not learned

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        self.log_sigma = self.variable(jnp.log(jnp.asarray(build.config.model.likelihood_sigma, jnp.float32)))

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> GaussianPixels:
        """Return the distribution of each image."""
        return GaussianPixels(outputs, self.log_sigma[...])


class GaussianLearned(Gaussian):
    """Sigma is learned, starting from `model.likelihood_sigma` (Rybkin et al. 2021, arXiv:2006.13202)."""

    variable: Any = nnx.Param


class SquaredError(Gaussian):
    """The post's squared error: a Gaussian of variance 1/2."""

    constant = 0.5 * math.log(math.pi)

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> GaussianPixels:
        """Return the distribution of each image."""
        return GaussianPixels(outputs, -0.5 * math.log(2.0))

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""
