"""A Gaussian likelihood in which every image has its own best sigma, with no number for it in the model.

Sigma is integrated out: sigma^2 has an inverse gamma distribution, of which little is assumed, and an image's pixels
together have Student's t distribution of as many dimensions. So it is a density, unlike a normal whose sigma is chosen
after the error is seen, but its slope is nearly that of such a normal (the optimal sigma of Rybkin et al. 2021,
arXiv:2006.13202, section 4.1, there of a batch): the loss is half the number of pixels times the log of the squared
error.
"""

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
from vae_jax.models.likelihoods.gaussian import Gaussian
from vae_jax.models.likelihoods.pixels import summed_over_pixels


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GaussianOptimalPixels:
    """An image is N(sigmoid(output), sigma^2), where sigma^2 = scale^2 * degrees / chi^2 (of so many degrees)."""

    outputs: Float[Array, "*lead height width channels"]
    log_scale: Number
    degrees: Number

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        v, pixels = self.degrees, math.prod(self.outputs.shape[-3:])
        squared = summed_over_pixels((x - self.mean()) ** 2) * jnp.exp(-2 * self.log_scale)
        constant = gammaln((v + pixels) / 2) - gammaln(v / 2) - pixels * (0.5 * jnp.log(v * math.pi) + self.log_scale)
        return constant - (v + pixels) / 2 * jnp.log1p(squared / v)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean image."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw a sigma for each image, then its pixels; draws may lie outside [0, 1]."""
        shape, lead = self.outputs.shape[-3:], self.outputs.shape[:-4]
        half = noise.gamma("sigma", self.degrees / 2, (1, 1, 1), lead)  # half of chi^2
        sigma = jnp.exp(self.log_scale) * jnp.sqrt(self.degrees / (2 * half))
        return self.mean() + sigma * noise.normal_like("pixels", shape, lead)


class GaussianOptimal(nnx.Module):
    """The sigmas of images are near their root mean square errors where these are over `model.likelihood_sigma`."""

    outputs, constant, support = 1, Gaussian.constant, "the reals"

    @dataclass(frozen=True)
    class Settings:
        """What is assumed of the sigmas.

        Attributes:
            degrees: how many pixels of an error of `model.likelihood_sigma` count as seen before an image is.
        """

        degrees: Number = number(1.0, low=0.01, high=1e6)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        self.log_scale = nnx.Variable(jnp.log(jnp.asarray(build.config.model.likelihood_sigma, jnp.float32)))
        self.degrees = nnx.Variable(jnp.asarray(settings.degrees, jnp.float32))

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> GaussianOptimalPixels:
        """Return the distribution of each image."""
        return GaussianOptimalPixels(outputs, self.log_scale[...], self.degrees[...])
