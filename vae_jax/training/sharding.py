"""How the members of a program are placed on devices: one after another, several at once, spread over a mesh."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

Result = TypeVar("Result")

MEMBERS, DATA = "members", "data"  # the axes of a mesh


class Layout(NamedTuple):
    """Where members are computed.

    Attributes:
        at_once: how many members each device computes at once (vmapped); 1 means one after another, where a member's
            results are bit-identical to those of a single run.
        mesh: the devices, along the axes `members` and `data`; None means one device.
    """

    at_once: int = 1
    mesh: Mesh | None = None

    @property
    def member_devices(self) -> int:
        """Over how many devices the members are spread; the number of members must be a multiple of it."""
        return int(self.mesh.shape[MEMBERS]) if self.mesh is not None else 1

    @property
    def data_devices(self) -> int:
        """Over how many devices a batch is spread."""
        return int(self.mesh.shape[DATA]) if self.mesh is not None else 1

    def padded(self, count: int) -> int:
        """The number of members that are computed for `count` members: the next multiple of `member_devices`."""
        return -(-count // self.member_devices) * self.member_devices

    def place(self, tree: Any, *, shared: bool = False) -> Any:
        """Put arrays on the devices, each with a members axis in front, or shared by all members."""
        if self.mesh is None:
            return jax.tree.map(jnp.asarray, tree)
        spec = PartitionSpec() if shared else PartitionSpec(MEMBERS)
        return jax.device_put(tree, NamedSharding(self.mesh, spec))


def mesh_of(devices: list[Any], data_devices: int) -> Mesh | None:
    """Arrange devices in a mesh; None for a single one.

    Args:
        devices: their number is a multiple of `data_devices`.
        data_devices: over how many a batch is spread.
    """
    if len(devices) == 1:
        return None
    grid = np.array(devices).reshape(-1, data_devices)
    return Mesh(grid, (MEMBERS, DATA), axis_types=(AxisType.Auto, AxisType.Auto))


@partial(jax.jit, static_argnums=1)
def with_repeats(tree: Any, missing: int) -> Any:
    """Repeat the last member `missing` times."""
    return jax.tree.map(lambda leaf: jnp.concatenate([leaf, jnp.repeat(leaf[-1:], missing, axis=0)]), tree)


@partial(jax.jit, static_argnums=1)
def without_repeats(tree: Any, count: int) -> Any:
    """Keep the first `count` members."""
    return jax.tree.map(lambda leaf: leaf[:count], tree)


def for_members(layout: Layout, of_one: Callable[..., Result], shared: Any, *each: Any) -> Result:
    """Compute `of_one(shared, *arrays of one member)` for every member.

    Args:
        layout: where the members are computed.
        of_one: on a mesh it runs under `jax.shard_map`, and may reduce over the axis `data`.
        shared: arrays that all members use.
        each: pytrees of arrays with a leading members axis.

    Returns:
        the results of `of_one`, with a leading members axis.
    """

    def local(shared: Any, *each: Any) -> Any:
        at_once = layout.at_once if layout.at_once > 1 else None
        return jax.lax.map(lambda one: of_one(shared, *one), each, batch_size=at_once)

    if layout.mesh is not None:
        in_specs = (PartitionSpec(), *(PartitionSpec(MEMBERS) for _ in each))
        out_specs = PartitionSpec(MEMBERS)
        local = jax.shard_map(local, mesh=layout.mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False)
    result: Result = local(shared, *each)
    return result
