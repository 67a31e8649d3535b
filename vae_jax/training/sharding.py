"""How the members of a program lie on the devices: one after another, several at once, spread over a mesh."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

Result = TypeVar("Result")

MEMBERS, DATA = "members", "data"  # the axes of a mesh


class Layout(NamedTuple):
    """Where members are computed.

    Attributes:
        at_once: how many members each device computes at once (vmapped); 1 means one after another, in which a member's
            arithmetic is to the bit that of a run of its own.
        mesh: the devices, along the axes `members` and `data`; None means one device.
    """

    at_once: int = 1
    mesh: Mesh | None = None

    @property
    def member_devices(self) -> int:
        """Over how many devices the members are spread; their number must be a multiple of it."""
        return int(self.mesh.shape[MEMBERS]) if self.mesh is not None else 1

    @property
    def data_devices(self) -> int:
        """Over how many devices a batch is spread."""
        return int(self.mesh.shape[DATA]) if self.mesh is not None else 1

    def padded(self, count: int) -> int:
        """How many members are computed where `count` are wanted."""
        return -(-count // self.member_devices) * self.member_devices

    def place(self, tree: Any, *, shared: bool = False) -> Any:
        """Put arrays on the devices, each with a members axis in front, or shared by all members."""
        if self.mesh is None:
            return jax.tree.map(jax.numpy.asarray, tree)
        spec = PartitionSpec() if shared else PartitionSpec(MEMBERS)
        return jax.device_put(tree, NamedSharding(self.mesh, spec))


def mesh_of(devices: list[Any], data_devices: int) -> Mesh | None:
    """Lay devices out; None for a single one.

    Args:
        devices: all that take part, a multiple of `data_devices`.
        data_devices: over how many a batch is spread.
    """
    if len(devices) == 1:
        return None
    grid = np.array(devices).reshape(-1, data_devices)
    return Mesh(grid, (MEMBERS, DATA), axis_types=(AxisType.Auto, AxisType.Auto))


def for_members(layout: Layout, of_one: Callable[..., Result], shared: Any, *each: Any) -> Result:
    """Compute `of_one(shared, *one member's)` for every member, as the layout says.

    Args:
        layout: where.
        of_one: what; on a mesh it runs under `jax.shard_map`, where the axis `data` is there to be reduced over.
        shared: arrays that all members use.
        each: pytrees of arrays with a members axis in front.

    Returns:
        what `of_one` returned, with a members axis in front.
    """

    def local(shared: Any, *each: Any) -> Any:
        at_once = layout.at_once if layout.at_once > 1 else None
        return jax.lax.map(lambda one: of_one(shared, *one), each, batch_size=at_once)

    if layout.mesh is None:
        result: Result = local(shared, *each)
        return result
    spread: Result = jax.shard_map(
        local,
        mesh=layout.mesh,
        in_specs=(PartitionSpec(), *(PartitionSpec(MEMBERS) for _ in each)),
        out_specs=PartitionSpec(MEMBERS),
        check_vma=False,
    )(shared, *each)
    return spread
