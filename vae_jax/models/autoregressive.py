"""Masked autoregressive flows (Papamakarios et al. 2017, arXiv:1705.07057)."""

from functools import partial

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build, Condition
from vae_jax.models.flows import Moved, found_in_order
from vae_jax.models.made import MADE

LARGEST = 3.0  # of a layer's log scales


class AutoregressiveFlow(nnx.Module):
    """Layers in which a unit is shifted and scaled by what the units before it say; their order is reversed in between.

    The inverse, and so the density, takes one pass through each layer; a sample takes one for each unit.
    """

    def __init__(self, layers: int, width: int, context: int, build: Build, key: Key[Array, ""]) -> None:
        self.layers = nnx.List([MADE(width, context, build, named(key, f"layer_{k}")) for k in range(layers)])

    def __call__(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the transformed points and log |det| of the Jacobian."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, layer in reversed(list(enumerate(self.layers))):
            z = found_in_order(partial(_moved, layer, z, context, units), z)
            log_det += jnp.sum(_shift_and_scale(layer, z, context, units)[1], axis=-1)
            z = units.reversed(z) if k else z
        return z, log_det

    def inverse(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the points that are moved to `z`, and log |det| of the inverse's Jacobian."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, layer in enumerate(self.layers):
            z = units.reversed(z) if k else z
            shift, log_scale = _shift_and_scale(layer, z, context, units)
            z = (z - shift) * jnp.exp(-log_scale)
            log_det -= jnp.sum(log_scale, axis=-1)
        return z, log_det


def _shift_and_scale(
    layer: MADE, z: Float[Array, "*lead units"], context: Condition, units: Units
) -> tuple[Float[Array, "*lead units"], Float[Array, "*lead units"]]:
    """Return the shifts and the log scales of all units; both are 0 for masked ones."""
    shift, log_scale = layer(z, context)
    return jnp.where(units.mask, shift, 0.0), jnp.where(units.mask, LARGEST * jnp.tanh(log_scale / LARGEST), 0.0)


def _moved(
    layer: MADE,
    origin: Float[Array, "*lead units"],
    context: Condition,
    units: Units,
    found: Float[Array, "*lead units"],
) -> Float[Array, "*lead units"]:
    """Return what a layer makes of `origin`, given the moved units before each."""
    shift, log_scale = _shift_and_scale(layer, found, context, units)
    return origin * jnp.exp(log_scale) + shift
