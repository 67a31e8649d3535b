"""Student's t likelihood: like a Gaussian near its centre, with tails in which a few wrong pixels cost little."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import number
from vae_jax.core.noise import Noise
from vae_jax.core.traced import Number
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class StudentTPixels:
    """Each pixel is sigmoid(output) + exp(log_scale) * t, where t has Student's distribution."""

    outputs: Float[Array, "*lead height width channels"]
    log_scale: Number
    degrees: Number

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        v = self.degrees
        error = (x - self.mean()) * jnp.exp(-self.log_scale)
        constant = gammaln(v / 2) - gammaln((v + 1) / 2) + 0.5 * jnp.log(v * math.pi) + self.log_scale
        return -summed_over_pixels((v + 1) / 2 * jnp.log1p(error**2 / v) + constant)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the centre, which is the mean where there is one (of more than one degree of freedom)."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw each pixel; draws may lie outside [0, 1].

        Of two uniform numbers (Bailey 1994, doi:10.1090/S0025-5718-1994-1219702-8).
        """
        shape, lead = self.outputs.shape[-3:], self.outputs.shape[:-4]
        u = 1 - noise.uniform("radius", shape, lead)
        angle = 2 * math.pi * noise.uniform("angle", shape, lead)
        t = jnp.sqrt(self.degrees * jnp.expm1(-2 / self.degrees * jnp.log(u))) * jnp.cos(angle)
        return self.mean() + jnp.exp(self.log_scale) * t


class StudentT(nnx.Module):
    """One scale for all pixels is learned, from `model.likelihood_sigma`; the degrees of freedom are given."""

    outputs, constant, support = 1, 0.0, "the reals"

    @dataclass(frozen=True)
    class Settings:
        """The tails.

        Attributes:
            degrees: degrees of freedom; the fewer, the heavier the tails.
        """

        degrees: Number = number(4.0, low=0.1, high=1e4)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        self.log_scale = nnx.Param(jnp.log(jnp.asarray(build.config.model.likelihood_sigma, jnp.float32)))
        self.degrees = nnx.Variable(jnp.asarray(settings.degrees, jnp.float32))

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> StudentTPixels:
        """Return the distribution of each image."""
        return StudentTPixels(outputs, self.log_scale[...], self.degrees[...])
