"""How the weights of a dense layer start, and how a layer beside the latent space starts unit by unit.

A model of latent size L must start the same alone and inside a program for a larger size. So each latent unit's weights
are drawn with a key of its own, and the number of inputs that sets their scale may be a number of the program.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer
from jaxtyping import Array, Bool, Int, Key

from vae_jax.core.random_keys import unit_keys
from vae_jax.core.registry import Registry

# How many inputs a unit has: its weights' scale follows from it.
FanIn = int | Int[Array, ""]
Draw = Callable[[Key[Array, ""], Sequence[int], FanIn], Array]
# Draws the weights and the biases of a layer, from a key, their shape and the layer's number of inputs.
Init = tuple[Draw, Draw]

# The standard deviation of a standard normal cut off at ±2.
CUT_OFF_SIGMA = 0.87962566103423978


def cut_off_normal(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """Normal, cut off at two sigma, of variance 1/fan_in (LeCun et al. 1998)."""
    weights: Array = jax.random.truncated_normal(key, -2.0, 2.0, shape) * jnp.float32(fan_in) ** -0.5 / CUT_OFF_SIGMA
    return weights


def zero(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """Nothing."""
    del key, fan_in
    return jnp.zeros(shape)


def uniform_with_bias(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """Uniform in ±1/sqrt(fan_in + 1): the post counts the bias as an input."""
    weights: Array = jax.random.uniform(key, shape, minval=-1.0, maxval=1.0) * jnp.float32(fan_in + 1) ** -0.5
    return weights


INITIALISERS: Registry[Init] = Registry(
    "config.model.init", {"lecun": (cut_off_normal, zero), "blog": (uniform_with_bias, uniform_with_bias)}
)


def layer_init(init: Init, fan_in: FanIn) -> tuple[Initializer, Initializer]:
    """Return the initialisers of a layer's kernel `[in, out]` and bias `[out]`."""
    kernel, bias = init
    return _initialiser(kernel, fan_in), _initialiser(bias, fan_in)


def head_init(init: Init, fan_in: FanIn, latent_dim: int) -> tuple[Initializer, Initializer]:
    """Return the initialisers of the layer before the latent space: the outputs of each unit from its own key.

    Args:
        init: how to draw.
        fan_in: inputs of the layer.
        latent_dim: units; the outputs of each lie together.
    """

    def of_units(draw: Draw) -> Initializer:
        def initialise(key: Array, shape: Sequence[int], *_: object, **__: object) -> Array:
            *inputs, outputs = shape
            unit = [*inputs, outputs // latent_dim]
            drawn = jax.vmap(lambda k: draw(k, unit, fan_in))(unit_keys(key, latent_dim))
            return jnp.moveaxis(drawn, 0, -2).reshape(shape)

        return initialise

    return of_units(init[0]), of_units(init[1])


def tail_init(init: Init, latent_dim: int, mask: Bool[Array, " latent"]) -> tuple[Initializer, Initializer]:
    """Return the initialisers of the layer after the latent space: the weights of each unit from its own key.

    Args:
        init: how to draw.
        latent_dim: units, masked ones counted.
        mask: which units there are; the weights of the others are 0.
    """
    kernel, bias = init
    fan_in = jnp.sum(mask)

    def initialise(key: Array, shape: Sequence[int], *_: object, **__: object) -> Array:
        drawn = jax.vmap(lambda k: kernel(k, shape[1:], fan_in))(unit_keys(key, latent_dim))
        return jnp.where(mask[:, None], drawn, 0.0)

    return initialise, _initialiser(bias, fan_in)


def _initialiser(draw: Draw, fan_in: FanIn) -> Initializer:
    def initialise(key: Array, shape: Sequence[int], *_: object, **__: object) -> Array:
        return draw(key, shape, fan_in)

    return initialise
