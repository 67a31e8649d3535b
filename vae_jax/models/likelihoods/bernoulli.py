"""The Bernoulli likelihood, for black and white pixels."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels

MOST_FACTORS = 16  # of a product whose logarithm is taken; each is 1 to 2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BernoulliPixels:
    """Each pixel is white with probability sigmoid(logit)."""

    logits: Float[Array, "*lead height width channels"]

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return minus the cross-entropy in nats; a grey pixel x counts as white with weight x."""
        return -cross_entropy(jnp.broadcast_to(x, self.logits.shape), self.logits)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the probability of white."""
        return jax.nn.sigmoid(self.logits)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw black or white for each pixel."""
        drawn = noise.uniform("pixels", self.logits.shape[-3:], self.logits.shape[:-4])
        return (drawn < self.mean()).astype(jnp.float32)


@jax.custom_jvp
def cross_entropy(
    x: Float[Array, "*lead height width channels"], logits: Float[Array, "*lead height width channels"]
) -> Float[Array, "*lead"]:
    """Return the sum of log(1 + exp(logit)) - x * logit over the pixels of each image.

    The logarithm is of products of several pixels' 1 + exp(-|logit|), as logarithms are dear.
    """
    factors = (1 + jnp.exp(-jnp.abs(logits))).reshape(*logits.shape[:-3], -1)
    pixels = factors.shape[-1]
    together = next(count for count in range(MOST_FACTORS, 0, -1) if pixels % count == 0)
    product = math.prod(jnp.split(factors, together, axis=-1))
    logs = jnp.log(product)[..., None, None]
    return summed_over_pixels(logs) + summed_over_pixels(jnp.maximum(logits, 0.0) - x * logits)


@cross_entropy.defjvp
def _slope(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (x, logits), (change_of_x, change) = primals, tangents
    slope = (jax.nn.sigmoid(logits) - x) * change - logits * change_of_x
    return cross_entropy(x, logits), summed_over_pixels(slope)


class Bernoulli(nnx.Module):
    """One logit for each pixel and channel."""

    outputs, constant, support = 1, 0.0, "{0, 1}"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> BernoulliPixels:
        """Take the outputs as logits."""
        return BernoulliPixels(outputs)
