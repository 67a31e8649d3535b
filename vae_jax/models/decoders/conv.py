"""A convolutional decoder."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Build
from vae_jax.models.convolution import Convolution, check_halvings
from vae_jax.models.dense import ACTIVATIONS, UnitStem


class ConvDecoder(nnx.Module):
    """A dense layer to a small feature map, then doubling and convolving up to the size of the image.

    Doubling repeats pixels: transposed convolutions leave a chequerboard (Odena et al. 2016, distill.pub/2016/
    deconv-checkerboard).
    """

    @dataclass(frozen=True)
    class Settings:
        """The layers.

        Attributes:
            widths: channels before each doubling.
            kernel: side of the kernels, in pixels.
        """

        widths: tuple[int, ...] = limited((64, 32), low=1, high=10_000)
        kernel: int = limited(3, low=1, high=15)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights.

        Raises:
            UserError: there are no layers, or too many for the size of the image.
        """
        check_halvings("config.decoders.conv.widths", len(settings.widths), build)
        (height, width, channels), (first, *widths) = build.image_shape, settings.widths
        self.activation, self.cut = ACTIVATIONS[build.config.model.activation], (height, width)
        for _ in settings.widths:
            height, width = -(-height // 2), -(-width // 2)
        self.start = (height, width, first)
        self.stem = UnitStem(height * width * first, build, named(key, "stem"))
        layers, inputs = [], first
        for k, outputs in enumerate([*widths, channels * build.outputs]):
            layers.append(Convolution(inputs, outputs, settings.kernel, 1, build, named(key, f"layer_{k}")))
            inputs = outputs
        self.layers = nnx.List(layers)

    def __call__(
        self, z: Float[Array, "n units"], condition: Float[Array, "n condition"] | None
    ) -> Float[Array, "n height width outputs"]:
        """Decode latents; surplus rows and columns are cut off."""
        y = self.stem(z, condition).reshape(len(z), *self.start)
        for layer in self.layers:
            y = layer(jnp.repeat(jnp.repeat(self.activation(y), 2, axis=1), 2, axis=2))
        height, width = self.cut
        return y[:, :height, :width]
