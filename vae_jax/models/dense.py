"""Dense layers. Those next to the latent space are initialised unit by unit, so that masked units change no weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn.initializers import Initializer
from jaxtyping import Array, Float, Key

from vae_jax.core.random_keys import named
from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Build, Condition
from vae_jax.models.initialisers import INITIALISERS, Init, head_init, layer_init, tail_init
from vae_jax.models.products import product

Activation = Callable[[Array], Array]

ACTIVATIONS: Registry[Activation] = Registry(
    "config.model.activation", {"gelu": jax.nn.gelu, "relu": jax.nn.relu, "silu": jax.nn.silu, "tanh": jnp.tanh}
)


def linear(fan_in: int, fan_out: int, init: Init, key: Key[Array, ""]) -> nnx.Linear:
    """Return a dense layer with starting weights drawn from `key`."""
    kernel_init, bias_init = layer_init(init, fan_in)
    return dense_layer(fan_in, fan_out, kernel_init, bias_init, key)


def dense_layer(
    fan_in: int, fan_out: int, kernel_init: Initializer, bias_init: Initializer, key: Key[Array, ""]
) -> nnx.Linear:
    """Return a dense layer with its own initialisers; every layer's product is that of `vae_jax.models.products`."""
    rngs = nnx.Rngs(params=key)
    return nnx.Linear(fan_in, fan_out, kernel_init=kernel_init, bias_init=bias_init, dot_general=product, rngs=rngs)


def flattened(
    z: Float[Array, "*lead units"], condition: Condition
) -> tuple[Float[Array, "n units"], Float[Array, "n condition"] | None]:
    """Flatten the leading axes of latents into one, and repeat each example's condition accordingly."""
    if condition is not None:
        condition = jnp.broadcast_to(condition, (*z.shape[:-1], condition.shape[-1])).reshape(-1, condition.shape[-1])
    return z.reshape(-1, z.shape[-1]), condition


@dataclass(frozen=True)
class DenseSettings:
    """What follows each layer of a dense encoder or decoder.

    Attributes:
        gated: a gate, with weights of its own, in place of the activation (Tomczak and Welling 2018, arXiv:1705.07120,
            section 5.1).
    """

    gated: bool = False


def gate(y: Float[Array, "batch twice"]) -> Float[Array, "batch features"]:
    """Multiply the first half of the features by the logistic of the second (Dauphin et al. 2017, arXiv:1612.08083)."""
    return jax.nn.glu(y, axis=-1)


def nonlinearity(build: Build, gated: bool) -> tuple[Activation, int]:
    """Return what follows a layer, and how many outputs of the layer make one feature."""
    return (gate, 2) if gated else (ACTIVATIONS[build.config.model.activation], 1)


class DenseStack(nnx.Module):
    """Hidden layers of `sizes`, each followed by the activation, or by a gate."""

    def __init__(
        self, fan_in: int, sizes: Sequence[int], build: Build, key: Key[Array, ""], *, gated: bool = False
    ) -> None:
        """Draw the starting weights, one key for each layer."""
        init, inputs = INITIALISERS[build.config.model.init], [fan_in, *sizes]
        self.activation, of_feature = nonlinearity(build, gated)
        self.layers = nnx.List(
            [linear(inputs[k], of_feature * size, init, named(key, f"layer_{k}")) for k, size in enumerate(sizes)]
        )
        self.features = inputs[-1]

    def __call__(self, y: Float[Array, "batch inputs"]) -> Float[Array, "batch features"]:
        """Apply the layers."""
        for layer in self.layers:
            y = self.activation(layer(y))
        return y


class UnitHead(nnx.Module):
    """Maps features to `outputs` numbers for each latent unit."""

    def __init__(self, outputs: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each unit."""
        self.outputs, size = outputs, build.units.size
        kernel_init, bias_init = head_init(INITIALISERS[build.config.model.init], build.features, size)
        self.layer = dense_layer(build.features, outputs * size, kernel_init, bias_init, key)

    def __call__(self, features: Float[Array, "batch features"]) -> tuple[Float[Array, "batch units"], ...]:
        """Return one array for each of the outputs."""
        y: Array = self.layer(features)
        return tuple(y[:, k :: self.outputs] for k in range(self.outputs))


class UnitStem(nnx.Module):
    """The first layer of a decoder: from latents, and the condition if there is one, to `fan_out` numbers."""

    def __init__(self, fan_out: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each unit."""
        init, units = INITIALISERS[build.config.model.init], build.units
        kernel_init, bias_init = tail_init(init, units.size, units.mask)
        self.layer = dense_layer(units.size, fan_out, kernel_init, bias_init, named(key, "units"))
        self.told = linear(build.condition, fan_out, init, named(key, "condition")) if build.condition else None

    def __call__(
        self, z: Float[Array, "n units"], condition: Float[Array, "n condition"] | None
    ) -> Float[Array, "n outputs"]:
        """Apply the layer."""
        y: Array = self.layer(z)
        return y if self.told is None or condition is None else y + self.told(condition)


def pixels_of(build: Build) -> int:
    """Return the pixels of an image times its channels."""
    return math.prod(build.image_shape)
