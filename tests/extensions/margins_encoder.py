"""A third-party encoder: it sees the mean of each row and each column alone."""

import jax.numpy as jnp
from flax import nnx

import vae_jax
from vae_jax.models.dense import DenseStack


@vae_jax.register("encoder", "margins")
class MarginsEncoder(nnx.Module):
    """The layers `model.hidden` on the margins of the picture, and on the condition where there is one."""

    def __init__(self, settings, build, key):
        height, width, channels = build.image_shape
        inputs = (height + width) * channels + build.condition
        self.layers = DenseStack(inputs, build.config.model.hidden, build, key)
        self.features = self.layers.features

    def __call__(self, x, condition):
        margins = [jnp.mean(x, axis=axis).reshape(len(x), -1) for axis in (1, 2)]
        told = [] if condition is None else [condition]
        return self.layers(jnp.concatenate(margins + told, axis=1))
