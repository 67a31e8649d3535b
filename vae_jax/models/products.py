"""The matrix products of dense and convolutional layers, in float32 or, in training, of bfloat16 numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, BFloat16, Float, Float32

DTYPES = ("float32", "bfloat16")

_dtype = ContextVar("dtype of products", default="float32")


@contextmanager
def products_of(dtype: str) -> Iterator[None]:
    """Multiply numbers of one of `DTYPES` in what is traced within; outside it is float32."""
    token = _dtype.set(dtype)
    try:
        yield
    finally:
        _dtype.reset(token)


def product(x: Float[Array, "*lead inputs"], kernel: Float[Array, "inputs outputs"], *how: Any, **more: Any) -> Array:
    """Multiply as `jax.lax.dot_general` does, which `flax.nnx.Linear` takes this in place of."""
    if _dtype.get() == "float32":
        return jax.lax.dot_general(x, kernel, *how, **more)
    return rounded_product(x, kernel)


@jax.custom_vjp
def rounded_product(
    x: Float[Array, "*lead inputs"], kernel: Float[Array, "inputs outputs"]
) -> Float32[Array, "*lead outputs"]:
    """Multiply numbers rounded to bfloat16 and sum in float32, in the gradient's two products too."""
    left, right = _rounded(x, kernel)
    return _summed(left, right, (x.ndim - 1,), (0,))


def _rounded(*arrays: Float[Array, "..."]) -> tuple[BFloat16[Array, "..."], ...]:
    return tuple(array.astype(jnp.bfloat16) for array in arrays)


def _summed(a: Array, b: Array, over_a: tuple[int, ...], over_b: tuple[int, ...]) -> Float32[Array, "..."]:
    return jax.lax.dot_general(a, b, ((over_a, over_b), ((), ())), preferred_element_type=jnp.float32)


def _forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, ...]]:
    return rounded_product(x, kernel), _rounded(x, kernel)


def _backward(kept: tuple[Array, ...], grad: Array) -> tuple[Array, Array]:
    (x, kernel), (slope,) = kept, _rounded(grad)
    lead = tuple(range(x.ndim - 1))
    return _summed(slope, kernel, (len(lead),), (1,)), _summed(x, slope, lead, lead)


rounded_product.defvjp(_forward, _backward)
