"""A third-party likelihood: Laplace pixels, whose loss is the absolute error."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

import vae_jax
from vae_jax.config.checks import number
from vae_jax.core.traced import Number


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LaplacePixels:
    """Density exp(-|x - sigmoid(output)| / b) / 2b in each pixel."""

    outputs: Float[Array, "*lead height width channels"]
    b: Float[Array, ""]

    def log_prob(self, x):
        """In nats, summed over pixels."""
        return -jnp.sum(jnp.abs(x - self.mean()) / self.b + jnp.log(self.b) + math.log(2), axis=(-3, -2, -1))

    def mean(self):
        """The expected picture."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise):
        """By the inverse of the distribution function."""
        u = noise.uniform("pixels", self.outputs.shape[-3:], self.outputs.shape[:-4]) - 0.5
        return self.mean() - self.b * jnp.sign(u) * jnp.log1p(-2 * jnp.abs(u))


@vae_jax.register("likelihood", "laplace")
class LaplaceLikelihood(nnx.Module):
    """One scale for all pixels, which members of one program may differ in."""

    outputs, constant, support = 1, math.log(2), "the reals"

    @dataclass(frozen=True)
    class Settings:
        """The scale.

        Attributes:
            b: in pixels.
        """

        b: Number = number(0.2, above=0)

    def __init__(self, settings, build, key):
        self.b = nnx.Variable(jnp.float32(settings.b))

    def __call__(self, outputs):
        return LaplacePixels(outputs, self.b[...])
