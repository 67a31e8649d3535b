"""Dense layers, those beside the latent space unit by unit: a member starts as it would in a program of its own."""

import math
from collections.abc import Callable, Sequence

import jax
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.random_keys import named
from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Build
from vae_jax.models.initialisers import INITIALISERS, FanIn, Init, head_init, layer_init, tail_init

Activation = Callable[[Array], Array]

ACTIVATIONS: Registry[Activation] = Registry(
    "config.model.activation",
    {"gelu": jax.nn.gelu, "relu": jax.nn.relu, "silu": jax.nn.silu, "tanh": jax.numpy.tanh},
)


def linear(fan_in: int, fan_out: int, init: Init, key: Key[Array, ""], scale: FanIn | None = None) -> nnx.Linear:
    """Return a dense layer whose weights are drawn for `scale` inputs (all of them unless said)."""
    kernel_init, bias_init = layer_init(init, fan_in if scale is None else scale)
    return nnx.Linear(fan_in, fan_out, kernel_init=kernel_init, bias_init=bias_init, rngs=nnx.Rngs(params=key))


class DenseStack(nnx.Module):
    """Hidden layers of `sizes`, the activation after each."""

    def __init__(self, fan_in: int, sizes: Sequence[int], build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, each layer's from a key of its own."""
        model = build.config.model
        init, self.activation = INITIALISERS[model.init], ACTIVATIONS[model.activation]
        inputs = [fan_in, *sizes]
        self.layers = nnx.List(
            [linear(inputs[k], size, init, named(key, f"layer_{k}")) for k, size in enumerate(sizes)]
        )
        self.features = inputs[-1]

    def __call__(self, y: Float[Array, "batch inputs"]) -> Float[Array, "batch features"]:
        """Apply the layers."""
        for layer in self.layers:
            y = self.activation(layer(y))
        return y


class UnitHead(nnx.Module):
    """From features to `outputs` numbers for each latent unit."""

    def __init__(self, outputs: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, those of each unit from a key of its own."""
        self.outputs, size = outputs, build.units.size
        kernel_init, bias_init = head_init(INITIALISERS[build.config.model.init], build.features, size)
        rngs = nnx.Rngs(params=key)
        self.layer = nnx.Linear(build.features, outputs * size, kernel_init=kernel_init, bias_init=bias_init, rngs=rngs)

    def __call__(self, features: Float[Array, "batch features"]) -> tuple[Float[Array, "batch units"], ...]:
        """Return each of the outputs for all units."""
        y: Array = self.layer(features)
        return tuple(y[:, k :: self.outputs] for k in range(self.outputs))


class UnitStem(nnx.Module):
    """From latents, and what is told of an example, to the inputs of a decoder's next layer."""

    def __init__(self, fan_out: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, those of each unit from a key of its own."""
        init, units = INITIALISERS[build.config.model.init], build.units
        kernel_init, bias_init = tail_init(init, units.size, units.mask)
        rngs = nnx.Rngs(params=named(key, "units"))
        self.layer = nnx.Linear(units.size, fan_out, kernel_init=kernel_init, bias_init=bias_init, rngs=rngs)
        self.told = linear(build.condition, fan_out, init, named(key, "condition")) if build.condition else None

    def __call__(
        self, z: Float[Array, "n units"], condition: Float[Array, "n condition"] | None
    ) -> Float[Array, "n outputs"]:
        """Apply the layer."""
        y: Array = self.layer(z)
        return y if self.told is None or condition is None else y + self.told(condition)


def pixels_of(build: Build) -> int:
    """Pixels of an image, channels counted."""
    return math.prod(build.image_shape)
