"""A mixture of normals as the prior."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Key

from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Build, Condition, Model
from vae_jax.models.mixtures import Mixture
from vae_jax.models.normals import gaussian_of


class GaussianMixturePrior(nnx.Module):
    """Diagonal normals with learned weights, means and scales, for any condition."""

    @dataclass(frozen=True)
    class Settings:
        """The mixture.

        Attributes:
            normals: how many.
        """

        normals: int = limited(10, low=1, high=10_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting means from N(0, I); all weights are equal and all scales 1."""
        keys = build.units.keys(named(key, "mu"))
        self.mu = nnx.Param(jax.vmap(lambda k: jax.random.normal(k, (settings.normals,)), out_axes=1)(keys))
        self.spread = nnx.Param(jnp.full(self.mu.shape, jnp.log(jnp.expm1(1.0))))
        self.logits = nnx.Param(jnp.zeros(settings.normals))

    def __call__(self, model: Model, condition: Condition) -> Mixture:
        """Return the mixture."""
        components = gaussian_of((self.mu[...], self.spread[...]), model.units)
        return Mixture(jax.nn.log_softmax(self.logits[...]), components)
