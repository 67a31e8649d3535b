"""The Bernoulli likelihood, for black and white pixels."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels
from vae_jax.models.softplus import softplus


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BernoulliPixels:
    """Each pixel is white with probability sigmoid(logit)."""

    logits: Float[Array, "*lead height width channels"]

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return minus the cross-entropy in nats; a grey pixel x counts as white with weight x."""
        return -summed_over_pixels(softplus(self.logits) - x * self.logits)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the probability of white."""
        return jax.nn.sigmoid(self.logits)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw black or white for each pixel."""
        drawn = noise.uniform("pixels", self.logits.shape[-3:], self.logits.shape[:-4])
        return (drawn < self.mean()).astype(jnp.float32)


class Bernoulli(nnx.Module):
    """One logit for each pixel and channel."""

    outputs, constant, support = 1, 0.0, "{0, 1}"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, outputs: Float[Array, "*lead height width channels"]) -> BernoulliPixels:
        """Take the outputs as logits."""
        return BernoulliPixels(outputs)
