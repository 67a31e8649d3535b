"""A third-party likelihood: Cauchy pixels, whose loss grows slowly with the error."""

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
class CauchyPixels:
    """Density b / (pi (b^2 + (x - sigmoid(output))^2)) in each pixel."""

    outputs: Float[Array, "*lead height width channels"]
    b: Float[Array, ""]

    def log_prob(self, x):
        """In nats, summed over pixels."""
        error = (x - self.mean()) / self.b
        return -jnp.sum(jnp.log1p(error**2) + jnp.log(self.b) + math.log(math.pi), axis=(-3, -2, -1))

    def mean(self):
        """The median."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise):
        """By the inverse of the distribution function."""
        u = noise.uniform("pixels", self.outputs.shape[-3:], self.outputs.shape[:-4]) - 0.5
        return self.mean() + self.b * jnp.tan(math.pi * u)


@vae_jax.register("likelihood", "cauchy")
class CauchyLikelihood(nnx.Module):
    """One scale for all pixels, which members of one program may differ in."""

    outputs, constant, support = 1, math.log(math.pi), "the reals"

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
        return CauchyPixels(outputs, self.b[...])
