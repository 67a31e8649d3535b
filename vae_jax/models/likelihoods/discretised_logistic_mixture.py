"""A mixture of discretised logistics in each pixel, a mass over 256 grey levels (Salimans et al. 2017).

The paper (arXiv:1701.05517, section 2.1 and 2.2) lets the channels of a pixel share a component and each see the
channels before it; here channels are independent given z, as pixels are.
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Images
from vae_jax.models.likelihoods.discretised_logistic import LOG_SCALES, LogisticLevels
from vae_jax.models.likelihoods.pixels import summed_over_pixels


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MixtureLevels:
    """Each pixel is drawn from one of some discretised logistics.

    Attributes:
        log_weights: of the components; their exponentials sum to 1.
        components: of each pixel, along the last axis.
    """

    log_weights: Float[Array, "*lead height width channels components"]
    components: LogisticLevels

    def log_prob(self, x: Images) -> Float[Array, "*lead"]:
        """Return the log of the mass of each image, in nats."""
        return summed_over_pixels(
            jax.nn.logsumexp(self.log_weights + self.components.log_masses(x[..., None]), axis=-1)
        )

    def mean(self) -> Float[Array, "*lead height width channels"]:
        """Return the mean image."""
        return jnp.sum(jnp.exp(self.log_weights) * self.components.mean(), axis=-1)

    def sample(self, noise: Noise) -> Float[Array, "*lead height width channels"]:
        """Draw a component, then a level, for each pixel."""
        shape, lead = self.log_weights.shape[-4:-1], self.log_weights.shape[:-5]
        ends = jnp.cumsum(jnp.exp(self.log_weights), axis=-1)
        chosen = jnp.sum(noise.uniform("component", shape, lead)[..., None] >= ends[..., :-1], axis=-1, keepdims=True)
        location, scale = (
            jnp.take_along_axis(values, chosen, axis=-1)[..., 0]
            for values in (self.components.location, self.components.scale)
        )
        return LogisticLevels(location, scale, self.components.levels).sample(noise)


class DiscretisedLogisticMixture(nnx.Module):
    """A weight, a location and a scale for each component, pixel and channel.

    At outputs of 0 all weights are equal, and locations are spread evenly between black and white.
    """

    constant, support = 0.0, "256 grey levels"

    @dataclass(frozen=True)
    class Settings:
        """The mixture.

        Attributes:
            logistics: how many in each pixel and channel.
        """

        logistics: int = limited(5, low=1, high=1000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""
        self.components, self.levels = settings.logistics, build.config.data.levels
        self.outputs = 3 * self.components

    def __call__(self, outputs: Float[Array, "*lead height width outputs"]) -> MixtureLevels:
        """Return the distribution of each image; the outputs are in units of pixels from -1 to 1."""
        of_components = outputs.reshape(*outputs.shape[:-1], -1, self.components, 3)
        weight, location, log_scale = (of_components[..., k] for k in range(3))
        # Spread evenly from black to white, so that no two components are equal.
        location += 2 * (jnp.arange(self.components) + 0.5) / self.components - 1
        scale = 0.5 * jnp.exp(jnp.clip(log_scale - math.log(self.components), *LOG_SCALES))
        return MixtureLevels(jax.nn.log_softmax(weight), LogisticLevels(0.5 * (location + 1), scale, self.levels))
