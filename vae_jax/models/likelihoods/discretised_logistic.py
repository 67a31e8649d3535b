"""The discretised logistic likelihood, a mass over 256 grey levels (Salimans et al. 2017, arXiv:1701.05517, eq. 2)."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.pixels import summed_over_pixels
from vae_jax.models.softplus import softplus

BRIGHTEST = 255
SMALLEST = 1e-30  # of uniform draws, whose logarithm is taken
LOG_SCALES = (-7.0, 7.0)  # of pixels from -1 to 1; the lower end is that of the paper's code


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LogisticLevels:
    """A logistic distribution, rounded to the nearest level; black and white have the mass of all beyond them.

    Attributes:
        location, scale: of the logistic, in units of pixels.
        levels: pixels are `value / levels`, values from 0 to 255.
    """

    location: Float[Array, "*lead height width channels"]
    scale: Float[Array, "*lead height width channels"]
    levels: int = field(metadata={"static": True})

    @property
    def white(self) -> float:
        """The largest pixel."""
        return BRIGHTEST / self.levels

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log of the mass of each image, in nats."""
        return summed_over_pixels(self.log_masses(x))

    def log_masses(self, x: Float[Array, "*shape"]) -> Float[Array, "*shapes"]:
        """Return the log of the mass of each pixel, in nats; pixels and logistics broadcast against each other.

        With the cumulative distribution `sigmoid`, `sigmoid(a) - sigmoid(b)` is
        `sigmoid(a) * sigmoid(-b) * (1 - exp(b - a))`, whose logarithm loses no digits.
        """
        half = 0.5 / self.levels
        below = -softplus(-(x - self.location + half) / self.scale)  # log P(level <= x)
        above = -softplus((x - self.location - half) / self.scale)  # log P(level >= x)
        within = jnp.log(-jnp.expm1(-2 * half / self.scale))
        black, white = x < half, x > self.white - half
        return jnp.where(white, 0.0, below) + jnp.where(black, 0.0, above) + jnp.where(black | white, 0.0, within)

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean of the logistic cut off at black and white: that of the levels but for their rounding."""
        over = softplus(self.location / self.scale) - softplus((self.location - self.white) / self.scale)
        return jnp.clip(self.scale * over, 0.0, self.white)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw a level for each pixel."""
        u = noise.uniform("pixels", self.location.shape[-3:], self.location.shape[:-4])
        u = jnp.maximum(u, SMALLEST)
        value = jnp.round((self.location + self.scale * (jnp.log(u) - jnp.log1p(-u))) * self.levels)
        return jnp.clip(value, 0, BRIGHTEST) / self.levels


class DiscretisedLogistic(nnx.Module):
    """A location and a scale for each pixel and channel. At outputs of 0 they are middle grey and 0.5."""

    outputs, constant, support = 2, 0.0, "256 grey levels"

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""
        self.levels = build.config.data.levels

    def __call__(self, outputs: Float[Array, "*lead height width outputs"]) -> LogisticLevels:
        """Return the distribution of each image; the outputs are in units of pixels from -1 to 1."""
        pairs = outputs.reshape(*outputs.shape[:-1], -1, 2)
        location, log_scale = pairs[..., 0], jnp.clip(pairs[..., 1], *LOG_SCALES)
        return LogisticLevels(0.5 * (location + 1), 0.5 * jnp.exp(log_scale), self.levels)
