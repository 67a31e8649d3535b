"""The continuous Bernoulli likelihood, a density over [0, 1] (Loaiza-Ganem and Cunningham 2019, arXiv:1907.06845)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels

SMALL = 0.1  # of logits, below which series take the place of differences that lose their digits


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ContinuousBernoulliPixels:
    """Each pixel has the density exp(logit * x) / Z on [0, 1], with Z = (exp(logit) - 1) / logit."""

    logits: Float[Array, "*lead height width channels"]

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log density, in nats (eq. 5 to 7)."""
        return summed_over_pixels((x - 0.5) * self.logits - log_sinh_ratio(0.5 * self.logits))

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean, 1 / (1 - exp(-logit)) - 1 / logit (eq. 8)."""
        small = jnp.abs(self.logits) < SMALL
        logits = jnp.where(small, 1.0, self.logits)
        series = 0.5 + self.logits / 12 - self.logits**3 / 720
        # Of a positive and of a negative logit the means add up to 1.
        size = jnp.abs(logits)
        above = -1 / jnp.expm1(-size) - 1 / size
        return jnp.where(small, series, jnp.where(logits > 0, above, 1 - above))

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw each pixel, by the inverse of its distribution function."""
        u = noise.uniform("pixels", self.logits.shape[-3:], self.logits.shape[:-4])
        small = jnp.abs(self.logits) < 1e-3
        size = jnp.where(small, 1.0, jnp.abs(self.logits))
        drawn = jnp.where(small, u, -jnp.log1p(u * jnp.expm1(-size)) / size)  # of a negative logit
        return jnp.clip(jnp.where(self.logits > 0, 1 - drawn, drawn), 0.0, 1.0)


def log_sinh_ratio(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return log(sinh(x) / x), which is x^2 / 6 for small x and |x| - log(2 |x|) for large ones."""
    small = jnp.abs(x) < SMALL
    size = jnp.where(small, 1.0, jnp.abs(x))
    exact = size + jnp.log(-jnp.expm1(-2 * size)) - jnp.log(2 * size)
    return jnp.where(small, x**2 / 6 - x**4 / 180, exact)


class ContinuousBernoulli(nnx.Module):
    """One logit for each pixel and channel."""

    outputs, constant, support = 1, 0.0, "the reals"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> ContinuousBernoulliPixels:
        """Take the outputs as logits."""
        return ContinuousBernoulliPixels(outputs)
