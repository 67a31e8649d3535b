"""The Laplace likelihood: absolute errors, which blur edges less than squared ones."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.core.traced import Number
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels

SMALLEST = 1e-30  # of uniform draws, whose logarithm is taken


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LaplacePixels:
    """Each pixel has the density exp(-|x - sigmoid(output)| / b) / 2b."""

    outputs: Float[Array, "*lead height width channels"]
    log_b: Number

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        error = jnp.abs(x - self.mean()) * jnp.exp(-self.log_b)
        return -summed_over_pixels(error + self.log_b + Laplace.constant)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean image."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw each pixel; draws may lie outside [0, 1]."""
        u = 2 * noise.uniform("pixels", self.outputs.shape[-3:], self.outputs.shape[:-4]) - 1
        return self.mean() - jnp.exp(self.log_b) * jnp.sign(u) * jnp.log(jnp.maximum(1 - jnp.abs(u), SMALLEST))


class Laplace(nnx.Module):
    """One `b` for all pixels is learned; its standard deviation starts at `model.likelihood_sigma`."""

    outputs, constant, support = 1, math.log(2), "the reals"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        sigma = jnp.asarray(build.config.model.likelihood_sigma, jnp.float32)
        self.log_b = nnx.Param(jnp.log(sigma) - 0.5 * math.log(2))

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> LaplacePixels:
        """Return the distribution of each image."""
        return LaplacePixels(outputs, self.log_b[...])
