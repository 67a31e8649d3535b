"""How the weights of a dense layer start."""

from collections.abc import Callable
from typing import Any

import jax
from jax.nn.initializers import Initializer, lecun_normal, zeros
from jaxtyping import Array

from vae_jax.registry import Registry

# From the number of inputs to the initialisers of the kernel [in, out] and the bias [out].
Init = Callable[[int], tuple[Initializer, Initializer]]


def lecun(fan_in: int) -> tuple[Initializer, Initializer]:
    """Normal weights of variance 1/fan_in (LeCun et al. 1998), biases 0."""
    del fan_in
    return lecun_normal(), zeros


def blog(fan_in: int) -> tuple[Initializer, Initializer]:
    """Weights and biases uniform in ±1/sqrt(fan_in + 1): the post counts the bias as an input."""
    bound = (fan_in + 1) ** -0.5

    def uniform(key: Array, shape: Any, dtype: Any = float, out_sharding: Any = None) -> Array:
        del out_sharding
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return uniform, uniform


INITIALISERS: Registry[Init] = Registry("config.model.init", {"lecun": lecun, "blog": blog})
