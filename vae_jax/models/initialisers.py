"""Initialisers of dense layers, and of the layers next to the latent space, unit by unit.

A model of latent size L starts the same alone and in a program for a larger size. So each latent unit's weights are
drawn with a key of its own, and the fan-in that sets their scale may be traced.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer
from jaxtyping import Array, Bool, Int, Key

from vae_jax.core.random_keys import unit_keys
from vae_jax.core.registry import Registry

FanIn = int | Int[Array, ""]
Draw = Callable[[Key[Array, ""], Sequence[int], FanIn], Array]
Init = tuple[Draw, Draw]  # of weights and of biases

TRUNCATED_SIGMA = 0.87962566103423978  # standard deviation of a standard normal truncated at ±2


def truncated_normal(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """Normal, truncated at two sigma, of variance 1/fan_in (LeCun et al. 1998)."""
    weights: Array = jax.random.truncated_normal(key, -2.0, 2.0, shape) * jnp.float32(fan_in) ** -0.5 / TRUNCATED_SIGMA
    return weights


def zero(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """All zeros."""
    return jnp.zeros(shape)


def uniform_with_bias(key: Key[Array, ""], shape: Sequence[int], fan_in: FanIn) -> Array:
    """Uniform in ±1/sqrt(fan_in + 1): the post counts the bias as an input."""
    weights: Array = jax.random.uniform(key, shape, minval=-1.0, maxval=1.0) * jnp.float32(fan_in + 1) ** -0.5
    return weights


INITIALISERS: Registry[Init] = Registry(
    "config.model.init", {"lecun": (truncated_normal, zero), "blog": (uniform_with_bias, uniform_with_bias)}
)


def layer_init(init: Init, fan_in: FanIn) -> tuple[Initializer, Initializer]:
    """Return the initialisers of a layer's kernel `[in, out]` and bias `[out]`."""
    kernel, bias = init
    return _initialiser(kernel, fan_in), _initialiser(bias, fan_in)


def head_init(init: Init, fan_in: FanIn, latent_dim: int) -> tuple[Initializer, Initializer]:
    """Return the initialisers of the layer before the latent space, with one key for each unit.

    Args:
        init: how to draw.
        fan_in: inputs of the layer.
        latent_dim: units; the outputs of each unit are adjacent.
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
    """Return the initialisers of the layer after the latent space, with one key for each unit.

    Args:
        init: how to draw.
        latent_dim: units, including masked ones.
        mask: False for masked units, whose weights are 0.
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
