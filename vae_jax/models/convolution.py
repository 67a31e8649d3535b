"""Convolutions as shifted slices and one matrix product: XLA's own are slow inside a loop on a CPU."""

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.errors import UserError
from vae_jax.models.contracts import Build
from vae_jax.models.dense import linear
from vae_jax.models.initialisers import INITIALISERS


def check_halvings(field: str, layers: int, build: Build) -> None:
    """Check that images can be halved once per layer, at most down to a single pixel.

    Raises:
        UserError: there are no layers, or more than that.
    """
    height, width, _ = build.image_shape
    most = max(1, (min(height, width) - 1).bit_length())
    if not 1 <= layers <= most:
        raise UserError(
            f"{field}: found {layers} layers for {height}x{width} pixels; needs 1 to {most}, each halves the image"
        )


class Convolution(nnx.Module):
    """A convolution with `SAME` padding: the output size is the input size over the stride, rounded up."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights: a matrix `[kernel * kernel * inputs, outputs]`."""
        self.kernel_size, self.stride = kernel, stride
        self.layer = linear(kernel * kernel * inputs, outputs, INITIALISERS[build.config.model.init], key)

    def __call__(self, x: Float[Array, "batch height width inputs"]) -> Float[Array, "batch rows columns outputs"]:
        """Convolve, with zeros around the image."""
        kernel, stride = self.kernel_size, self.stride
        rows, columns = (-(-side // stride) for side in x.shape[1:3])
        pads = [
            max((count - 1) * stride + kernel - side, 0)
            for count, side in zip((rows, columns), x.shape[1:3], strict=True)
        ]
        around = [(pad // 2, pad - pad // 2) for pad in pads]
        padded = jnp.pad(x, ((0, 0), *around, (0, 0)))
        slices = [
            padded[:, i : i + (rows - 1) * stride + 1 : stride, j : j + (columns - 1) * stride + 1 : stride]
            for i in range(kernel)
            for j in range(kernel)
        ]
        y: Array = self.layer(jnp.concatenate(slices, axis=-1))
        return y
