"""Mixtures of any distributions, for priors."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import HasLogProb
from vae_jax.models.spheres import lies_on_sphere


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Mixture:
    """Components with their weights.

    Attributes:
        log_weights: `[components]`; the weights sum to 1.
        components: a batch of distributions, one for each component.
    """

    log_weights: Float[Array, " components"]
    components: Any

    @property
    def on_sphere(self) -> bool:
        """Whether its points lie on the unit sphere."""
        return lies_on_sphere(self.components)

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw a component, then a point from it.

        Of every component a point is drawn: so the components may be any distributions, and none is told which to draw.
        """
        components: HasLogProb = self.components
        ends = jnp.cumsum(jnp.exp(self.log_weights))
        chosen = jnp.sum(noise.uniform("component", (), (k,))[..., None] >= ends[:-1], axis=-1)
        key, count = named(noise.key, "components"), len(self.log_weights)

        def of_example(index: Int[Array, ""]) -> Float[Array, "k components units"]:
            return components.sample(Noise(jax.random.fold_in(key, index), count), k)[0]

        drawn = jax.vmap(of_example, out_axes=1)(noise.places)
        z = jnp.take_along_axis(drawn, chosen[..., None, None], axis=2)[..., 0, :]
        return z, self.log_prob(z)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        components: HasLogProb = self.components
        return jax.nn.logsumexp(components.log_prob(z[..., None, :]) + self.log_weights, axis=-1)
