"""Inverse autoregressive flows (Kingma et al. 2016, arXiv:1606.04934)."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build, Condition
from vae_jax.models.dense import UnitHead, linear
from vae_jax.models.flows import Moved, SequentialFlowDistribution, found_in_order, taken_apart
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.made import MADE
from vae_jax.models.normals import gaussian_of

GATE = 1.5  # added to a gate's input, so that at the start a block keeps most of z (section 4 of the paper: 1 to 2)


class GatedFlow(nnx.Module):
    """Autoregressive blocks; the order of the units is reversed between them."""

    def __init__(self, blocks: int, width: int, context: int, build: Build, key: Key[Array, ""]) -> None:
        self.blocks = nnx.List([MADE(width, context, build, named(key, f"block_{k}")) for k in range(blocks)])

    def __call__(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the transformed points and log |det dz/dz0| (eq. 10 to 12, with gates as in algorithm 1)."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, block in enumerate(self.blocks):
            z = units.reversed(z) if k else z
            m, s = block(z, context)
            gate = jax.nn.sigmoid(s + GATE)
            z = jnp.where(units.mask, gate * z + (1 - gate) * m, 0.0)
            log_det += _log_det(s, units)
        return z, log_det

    def inverse(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the points that are moved to `z`, and log |det| of the inverse's Jacobian; a pass for each unit."""
        log_det = jnp.zeros(z.shape[:-1])
        for k, block in reversed(list(enumerate(self.blocks))):
            z = found_in_order(partial(_led_back, block, z, context, units), z)
            log_det -= _log_det(block(z, context)[1], units)
            z = units.reversed(z) if k else z
        return z, log_det


def _log_det(s: Float[Array, "*lead units"], units: Units) -> Float[Array, "*lead"]:
    return jnp.sum(jnp.where(units.mask, jax.nn.log_sigmoid(s + GATE), 0.0), axis=-1)


def _led_back(
    block: MADE,
    moved: Float[Array, "*lead units"],
    context: Condition,
    units: Units,
    found: Float[Array, "*lead units"],
) -> Float[Array, "*lead units"]:
    """Return what a block makes `moved` of, given the units before each."""
    m, s = block(found, context)
    gate = jax.nn.sigmoid(s + GATE)
    return jnp.where(units.mask, (moved - (1 - gate) * m) / gate, 0.0)


class IAF(nnx.Module):
    """A diagonal normal transformed by autoregressive blocks that are conditioned on the image."""

    @dataclass(frozen=True)
    class Settings:
        """The flow.

        Attributes:
            blocks: number of autoregressive blocks.
            width: hidden units of a block for each latent unit.
            context: length of the vector through which the blocks see an image.
        """

        blocks: int = limited(2, low=1, high=100)
        width: int = limited(8, low=1, high=1000)
        context: int = limited(32, low=1, high=10_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        init = INITIALISERS[build.config.model.init]
        self.head = UnitHead(2, build, named(key, "head"))
        self.context = linear(build.features, settings.context, init, named(key, "context"))
        self.flow = GatedFlow(settings.blocks, settings.width, settings.context, build, named(key, "flow"))

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> SequentialFlowDistribution:
        """Return q(z|x)."""
        base = gaussian_of(self.head(features), units)
        return SequentialFlowDistribution(base, self.context(features), *taken_apart(self.flow))
