"""A third-party decoder: a sum of few products of a column and a row."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx

import vae_jax
from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.models.dense import UnitStem, linear
from vae_jax.models.initialisers import INITIALISERS


@vae_jax.register("decoder", "outer")
class OuterDecoder(nnx.Module):
    """Pictures of low rank."""

    @dataclass(frozen=True)
    class Settings:
        """The sum.

        Attributes:
            rank: products in each channel.
        """

        rank: int = limited(2, low=1, high=1000)

    def __init__(self, settings, build, key):
        self.height, self.width, channels = build.image_shape
        self.rank, self.channels, init = settings.rank, channels * build.outputs, INITIALISERS["lecun"]
        self.stem = UnitStem(16, build, named(key, "stem"))
        sides = (self.height + self.width) * self.rank * self.channels
        self.layer = linear(16, sides, init, named(key, "layer"))

    def __call__(self, z, condition):
        y = self.layer(jnp.tanh(self.stem(z, condition)))
        y = y.reshape(len(z), self.height + self.width, self.rank, self.channels)
        return jnp.einsum("nhrc,nwrc->nhwc", y[:, : self.height], y[:, self.height :])
