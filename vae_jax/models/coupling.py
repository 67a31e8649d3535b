"""Affine coupling layers (Dinh et al. 2017, arXiv:1605.08803, section 3)."""

import dataclasses

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Key

from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build, Condition
from vae_jax.models.dense import ACTIVATIONS, DenseStack, UnitHead, UnitStem, flattened
from vae_jax.models.flows import Moved

LARGEST = 3.0  # of a layer's log scales


class CouplingLayer(nnx.Module):
    """A shift and a log scale of every unit, from the units that stay and the context; two dense hidden layers."""

    def __init__(self, width: int, context: int, build: Build, key: Key[Array, ""]) -> None:
        self.activation = ACTIVATIONS[build.config.model.activation]
        self.stem = UnitStem(width, dataclasses.replace(build, condition=context), named(key, "stem"))
        self.hidden = DenseStack(width, (width,), build, named(key, "hidden"))
        self.head = UnitHead(2, dataclasses.replace(build, features=width), named(key, "head"))
        self.head.layer.kernel[...] = 0.1 * self.head.layer.kernel[...]  # at the start a layer moves little

    def __call__(
        self, stays: Float[Array, "*lead units"], context: Condition
    ) -> tuple[Float[Array, "*lead units"], Float[Array, "*lead units"]]:
        """Return the shifts and the log scales; the units that move are 0 in `stays`."""
        outputs = self.head(self.hidden(self.activation(self.stem(*flattened(stays, context)))))
        shift, log_scale = (y.reshape(stays.shape) for y in outputs)
        return shift, LARGEST * jnp.tanh(log_scale / LARGEST)


class CouplingFlow(nnx.Module):
    """Layers that move the units in odd and in even places in turn; so what a layer does depends on no later units."""

    def __init__(self, layers: int, width: int, context: int, build: Build, key: Key[Array, ""]) -> None:
        self.layers = nnx.List([CouplingLayer(width, context, build, named(key, f"layer_{k}")) for k in range(layers)])

    def __call__(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the transformed points and log |det| of the Jacobian (eq. 7 and 8)."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, layer in enumerate(self.layers):
            moves = _moves(k, units)
            shift, log_scale = layer(jnp.where(moves, 0.0, z), context)
            z = jnp.where(moves, z * jnp.exp(log_scale) + shift, z)
            log_det += jnp.sum(jnp.where(moves, log_scale, 0.0), axis=-1)
        return z, log_det

    def inverse(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the points that are moved to `z`, and log |det| of the inverse's Jacobian."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, layer in reversed(list(enumerate(self.layers))):
            moves = _moves(k, units)
            shift, log_scale = layer(jnp.where(moves, 0.0, z), context)
            z = jnp.where(moves, (z - shift) * jnp.exp(-log_scale), z)
            log_det -= jnp.sum(jnp.where(moves, log_scale, 0.0), axis=-1)
        return z, log_det


def _moves(layer: int, units: Units) -> Bool[Array, " units"]:
    """Which units a layer moves: those in odd places first."""
    return units.mask & (jnp.arange(units.size) % 2 != layer % 2)
