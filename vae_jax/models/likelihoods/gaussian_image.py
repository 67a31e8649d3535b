"""A Gaussian likelihood whose sigma the decoder chooses for each image (Rybkin et al. 2021, arXiv:2006.13202)."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.models.contracts import Build
from vae_jax.models.likelihoods.gaussian import Gaussian, GaussianPixels
from vae_jax.models.softplus import softplus

SMALLEST = -6.0  # of log sigma (ibid., section 4.2): two fifths of one of 256 grey levels


class GaussianImage(nnx.Module):
    """Of two outputs a pixel, the first places it; the mean of the others over an image gives its sigma.

    At outputs of 0, sigma is `model.likelihood_sigma`, but for a floor that larger sigmas hardly notice.
    """

    outputs, constant, support = 2, Gaussian.constant, "the reals"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        self.log_sigma = nnx.Variable(jnp.log(jnp.asarray(build.config.model.likelihood_sigma, jnp.float32)))

    def __call__(self, outputs: Float[Array, "*lead height width outputs"]) -> GaussianPixels:
        """Return the distribution of each image."""
        pairs = outputs.reshape(*outputs.shape[:-1], -1, 2)
        log_sigma = self.log_sigma[...] + jnp.mean(pairs[..., 1], axis=(-3, -2, -1), keepdims=True)
        return GaussianPixels(pairs[..., 0], SMALLEST + softplus(log_sigma - SMALLEST))
