"""Dense encoders and decoders with any number of hidden layers."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import jax
from flax import nnx
from jax.nn.initializers import Initializer
from jaxtyping import Array, Bool, Float

from vae_jax.models.initialisers import Init, head_init, layer_init, tail_init
from vae_jax.registry import Registry

Activation = Callable[[Array], Array]
LayerInit = tuple[Initializer, Initializer]  # of the kernel and the bias

ACTIVATIONS: Registry[Activation] = Registry(
    "config.model.activation",
    {"gelu": jax.nn.gelu, "relu": jax.nn.relu, "silu": jax.nn.silu, "tanh": jax.numpy.tanh},
)


def dense_stack(
    sizes: Sequence[int], activation: Activation, inits: Sequence[LayerInit], rngs: nnx.Rngs
) -> nnx.Sequential:
    """Dense layers of `sizes`, each with its own start, the activation between them and none after the last."""
    layers: list[Callable[[Array], Array]] = []
    for (fan_in, fan_out), (kernel_init, bias_init) in zip(pairwise(sizes), inits, strict=True):
        layers += [nnx.Linear(fan_in, fan_out, kernel_init=kernel_init, bias_init=bias_init, rngs=rngs)]
        layers += [activation]
    return nnx.Sequential(*layers[:-1])


class MLPEncoder(nnx.Module):
    """From images to the numbers that a posterior is made of."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        hidden: Sequence[int],
        latent_dim: int,
        outputs: int,
        activation: Activation,
        init: Init,
        rngs: nnx.Rngs,
    ) -> None:
        """Draw the starting weights; `outputs` numbers for each of `latent_dim` units."""
        sizes = [math.prod(image_shape), *hidden]
        inits = [*(layer_init(init, fan_in) for fan_in in sizes[:-1]), head_init(init, sizes[-1], latent_dim)]
        self.layers = dense_stack([*sizes, outputs * latent_dim], activation, inits, rngs)

    def __call__(self, x: Float[Array, "batch height width channels"]) -> Float[Array, "batch outputs"]:
        """Encode images with pixels in [0, 1]."""
        y: Array = self.layers(x.reshape(len(x), -1))
        return y


class MLPDecoder(nnx.Module):
    """From latents to the numbers that a likelihood is made of, one a pixel and channel."""

    def __init__(
        self,
        mask: Bool[Array, " latent"],
        hidden: Sequence[int],
        image_shape: tuple[int, int, int],
        activation: Activation,
        init: Init,
        rngs: nnx.Rngs,
    ) -> None:
        """Draw the starting weights, as a model of the masked units alone would."""
        self.image_shape = image_shape
        sizes = [*hidden, math.prod(image_shape)]
        inits = [tail_init(init, len(mask), mask), *(layer_init(init, fan_in) for fan_in in sizes[:-1])]
        self.layers = dense_stack([len(mask), *sizes], activation, inits, rngs)

    def __call__(self, z: Float[Array, "batch latent"]) -> Float[Array, "batch height width channels"]:
        """Decode latents."""
        y: Array = self.layers(z)
        return y.reshape(len(z), *self.image_shape)


ENCODERS: Registry[type[MLPEncoder]] = Registry("config.model.encoder", {"mlp": MLPEncoder})
DECODERS: Registry[type[MLPDecoder]] = Registry("config.model.decoder", {"mlp": MLPDecoder})
