"""A convolutional encoder."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Build, Condition, Images
from vae_jax.models.convolution import Convolution, check_halvings
from vae_jax.models.dense import ACTIVATIONS


class ConvEncoder(nnx.Module):
    """Convolutions of stride 2, each followed by the activation; the flattened result is the feature vector."""

    @dataclass(frozen=True)
    class Settings:
        """The layers.

        Attributes:
            widths: channels after each layer.
            kernel: side of the kernels, in pixels.
        """

        widths: tuple[int, ...] = limited((32, 64), low=1, high=10_000)
        kernel: int = limited(4, low=2, high=15)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights.

        Raises:
            UserError: there are no layers, or too many for the size of the image.
        """
        height, width, channels = build.image_shape
        check_halvings("config.encoders.conv.widths", len(settings.widths), build)
        self.activation = ACTIVATIONS[build.config.model.activation]
        layers, inputs = [], channels + build.condition
        for k, outputs in enumerate(settings.widths):
            layers.append(Convolution(inputs, outputs, settings.kernel, 2, build, named(key, f"layer_{k}")))
            inputs, height, width = outputs, -(-height // 2), -(-width // 2)
        self.layers, self.features = nnx.List(layers), height * width * inputs

    def __call__(self, x: Images, condition: Condition) -> Float[Array, "batch features"]:
        """Encode images; each number of the condition is a constant channel."""
        if condition is not None:
            planes = jnp.broadcast_to(condition[:, None, None, :], (*x.shape[:3], condition.shape[1]))
            x = jnp.concatenate([x, planes], axis=-1)
        for layer in self.layers:
            x = self.activation(layer(x))
        return x.reshape(len(x), -1)
