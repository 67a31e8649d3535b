"""A dense encoder with any number of hidden layers."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.models.contracts import Build, Condition, Images
from vae_jax.models.dense import DenseSettings, DenseStack, pixels_of


class MLPEncoder(nnx.Module):
    """The layers `model.hidden` on all pixels, followed by the condition if there is one."""

    Settings = DenseSettings

    def __init__(self, settings: DenseSettings, build: Build, key: Key[Array, ""]) -> None:
        inputs, hidden = pixels_of(build) + build.condition, build.config.model.hidden
        self.layers = DenseStack(inputs, hidden, build, key, gated=settings.gated)
        self.features = self.layers.features

    def __call__(self, x: Images, condition: Condition) -> Float[Array, "batch features"]:
        """Encode images with pixels in [0, 1]."""
        flat = x.reshape(len(x), -1)
        return self.layers(flat if condition is None else jnp.concatenate([flat, condition], axis=1))
