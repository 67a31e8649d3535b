"""Normals transformed by flows: pytrees that hold the flow's weights among their leaves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import Condition
from vae_jax.models.normals import DiagonalGaussian

# Points, `[*lead, units]`, and the log |det| of the Jacobian that led to them, `[*lead]`.
Moved = tuple[Float[Array, "*lead units"], Float[Array, "*lead"]]


@runtime_checkable
class Flow(Protocol):
    """A module that moves points and back; `context` is what it sees of each example, `[batch, context]` or None."""

    def __call__(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the points and the log |det| of the Jacobian; masked units are 0."""

    def inverse(self, z: Float[Array, "*lead units"], context: Condition, units: Units) -> Moved:
        """Return the points that are moved to `z`, and the log |det| of the inverse's Jacobian."""


def taken_apart(flow: Flow) -> tuple[Any, Any]:
    """Return a flow's weights and its graph, as Flax splits it, for a pytree that holds it."""
    graph, weights = nnx.split(flow)
    return nnx.to_pure_dict(weights), graph


def found_in_order(
    led_back: Callable[[Float[Array, "*lead units"]], Float[Array, "*lead units"]], like: Float[Array, "*lead units"]
) -> Float[Array, "*lead units"]:
    """Return the points whose units `led_back` gives, each from those before it: a pass for each unit."""
    place = jnp.arange(like.shape[-1])

    def passed(unit: Int[Array, ""], found: Float[Array, "*lead units"]) -> Float[Array, "*lead units"]:
        return jnp.where(place == unit, led_back(found), found)

    points: Float[Array, "*lead units"] = jax.lax.fori_loop(0, like.shape[-1], passed, jnp.zeros_like(like))
    return points


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FlowDistribution:
    """A normal transformed by a flow.

    Attributes:
        base: the normal.
        context: the flow's input for each example.
        weights, graph: of the flow.
    """

    base: DiagonalGaussian
    context: Condition
    weights: Any
    graph: Any = field(metadata={"static": True})

    @property
    def flow(self) -> Any:
        """The flow."""
        return nnx.merge(self.graph, self.weights)

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Transform samples of the normal."""
        z, log_q = self.base.sample(noise, k)
        moved, log_det = self.flow(z, self.context, self.base.units)
        return moved, log_q - log_det

    def centre(self) -> Float[Array, "batch units"]:
        """Return the transformed mean of the normal."""
        moved: Float[Array, "batch units"] = self.flow(self.base.centre(), self.context, self.base.units)[0]
        return moved

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density, in nats; points and distributions broadcast against each other."""
        z = jnp.broadcast_to(z, jnp.broadcast_shapes(z.shape, self.base.mu.shape))
        origin, log_det = self.flow.inverse(z, self.context, self.base.units)
        density: Float[Array, "*all"] = self.base.log_prob(origin) + log_det
        return density


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SequentialFlowDistribution(FlowDistribution):
    """A normal transformed by a flow whose inverse takes a pass for each unit."""

    @property
    def passes(self) -> int:
        """How often the flow's networks are evaluated for a point's density."""
        return self.base.units.size
