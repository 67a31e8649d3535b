"""How much memory members need and how much is free, to split a grid that is too large."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import jax
import psutil

from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.signals import interruptible
from vae_jax.data.dataset import Dataset
from vae_jax.training.blocks import member_work
from vae_jax.training.examples import train_data_shapes
from vae_jax.training.extraction import state_shapes
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.member import parameters_of
from vae_jax.training.sharding import Layout, mesh_of
from vae_jax.training.spec import Spec
from vae_jax.training.steps import init_state, train_block

LARGE_STEP = 2e8  # multiplications and additions of a member's step, from which on its products fill a CPU's cores
FOR_IMAGES = 0.2  # the largest share of the free memory for copies of the training images
USABLE = 0.8  # the share of the free memory that plans may use
CGROUP, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# Copies of the state: the one from before a block of steps that may be abandoned; while saving, the snapshot and its
# serialised bytes.
DEVICE_COPIES, HOST_COPIES = 1, 2


def free_bytes() -> int:
    """Bytes of free memory: the device's, or on a CPU that of the machine or its container."""
    device = jax.devices()[0]
    stats = device.memory_stats() if device.platform != "cpu" else None
    if stats and "bytes_limit" in stats:
        return int(stats["bytes_limit"] - stats["bytes_in_use"])
    return int(min(psutil.virtual_memory().available, *map(_free_in, _cgroups())))


def _cgroups() -> list[Path]:
    """Return the folders of this process's control group and its parents, which may limit its memory."""
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:
        lines = []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    return [CGROUP / part for part in (PurePosixPath(own), *PurePosixPath(own).parents)]


def _free_in(folder: Path) -> float:
    """Bytes that a control group's limit leaves; cached files count as free."""
    try:
        limit, used = ((folder / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        if limit == "max":
            return math.inf
        lines = (folder / "memory.stat").read_text().splitlines() if (folder / "memory.stat").is_file() else []
        cached = sum(int(n) for name, n in map(str.split, lines) if name in ("active_file", "inactive_file"))
        return int(limit) - int(used) + cached
    except (OSError, ValueError):
        return math.inf


def format_bytes(count: float) -> str:
    """Format a number of bytes."""
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e6:.0f} MB"


def state_bytes(spec: Spec, config: Config) -> int:
    """Bytes of one member's state, padded to the spec's latent size."""
    shapes = state_shapes(spec, [config])
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes))


def least_bytes(group: Group) -> tuple[int, int]:
    """Return the least bytes that training needs beside the images, of a device, or of the machine on a CPU.

    Returns:
        for weights and optimiser: the members' state, a copy from before the block, and one more copy in a program of
        several members, which writes the new state beside the old; and for a step: a gradient, or the activations of
        a batch where they are larger.
    """
    spec, config = group.spec, group.configs[0]
    state, count = state_bytes(spec, config), len(group.configs)
    if jax.default_backend() != "cpu":
        count = -(-count // devices_for(config))
    held = (DEVICE_COPIES + (1 if len(group.configs) == 1 else 2)) * count * state
    encoder, decoder = (
        spec.pixels + sum(layer for layer in layers if isinstance(layer, int))
        for layers in (spec.encoder_layers, spec.decoder_layers)
    )
    training = spec.batch_size // config.train.data_devices * (encoder + config.objective.samples * decoder)
    return held, 4 * max(parameters_of(spec), training)


def check_memory(group: Group, dataset: Dataset) -> None:
    """Make sure that a group fits into the memory, before anything of its size is compiled or allocated.

    Raises:
        UserError: it doesn't; the line says how much is needed and free, and what to make smaller.
    """
    (held, step), free = least_bytes(group), free_bytes()
    if held + step <= free:
        return
    config, spec = group.configs[0], group.spec
    dense = "mlp" in (config.model.encoder, config.model.decoder)
    fields = ["config.model.hidden"] if config.model.hidden and dense else ["config.model.latent_dim"]
    fields += ["config.model.decoder_hidden"] if config.model.decoder_hidden and dense else []
    if dataset.image_shape[0] == config.data.image_size:
        fields.append("config.data.image_size")
    if step > held:
        fields += ["config.train.batch_size", *(["config.objective.samples"] if config.objective.samples > 1 else [])]
    count = len(group.configs)
    members = f" of {count:,} members" if count > 1 else ""
    needed, for_weights, for_step, left = map(format_bytes, (held + step, held, step, free))
    raise UserError(
        f"{', '.join(fields)}: too large for the memory: {spec.sizes} takes at least {needed} ({for_weights} for "
        f"the weights and the optimiser{members}, {for_step} for a step of batch {spec.batch_size:,}), and "
        f"{left} is free; make {'it' if len(fields) == 1 else 'them'} smaller"
    )


@contextmanager
def memory_errors_reported(what: str) -> Iterator[None]:
    """Turn running out of memory while `what` is computed into a `UserError`."""
    try:
        yield
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if not isinstance(error, MemoryError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{what}: the memory is not enough ({reason}); make config.model.hidden, config.data.image_size, "
            "config.train.batch_size or config.train.members_per_step smaller"
        ) from None


def most_members(spec: Spec, config: Config, dataset: Dataset) -> int:
    """How many members of a spec fit into the memory together, at least one."""
    # A block of steps may hold the state twice: its input and its output.
    copies = 2 + DEVICE_COPIES + (HOST_COPIES if jax.default_backend() == "cpu" else 0)
    left, devices = USABLE * free_bytes() - dataset.train.images.nbytes, devices_for(config)
    memories = 1 if jax.default_backend() == "cpu" else devices  # the cores of a CPU share one
    return max(1, int(left / (copies * state_bytes(spec, config)) * memories))


def devices_for(config: Config) -> int:
    """Over how many devices members can be spread.

    Raises:
        UserError: there are fewer devices than `train.data_devices`.
    """
    count, data_devices = len(jax.devices()), config.train.data_devices
    if data_devices > count:
        raise UserError(f"config.train.data_devices: found {data_devices}; needs at most {count}, as many as there are")
    return count // data_devices


def layout_of(group: Group, dataset: Dataset) -> Layout:
    """Choose where a group's members are computed, and how many at once.

    Raises:
        UserError: there are fewer devices than asked for.
    """
    config = group.configs[0]
    data_devices = config.train.data_devices
    spread = min(devices_for(config), len(group.configs)) if _gains_by_spreading(group, dataset) else 1
    mesh = mesh_of(jax.devices()[: spread * data_devices], data_devices)
    layout = Layout(1, mesh)
    local = layout.padded(len(group.configs)) // layout.member_devices
    wanted = config.train.members_per_step
    if not wanted and jax.default_backend() == "cpu":
        wanted = 1
    return layout._replace(at_once=min(wanted or _most_at_once(group, dataset, layout, local), local))


def _gains_by_spreading(group: Group, dataset: Dataset) -> bool:
    """Whether members are trained sooner on several devices.

    On a CPU the devices are its cores. A large product uses all cores by itself; several small members train sooner
    side by side, each on one core. Each device has the images.
    """
    if jax.default_backend() != "cpu":
        return True
    return (
        member_work(group.spec) <= LARGE_STEP
        and len(jax.devices()) * dataset.train.images.nbytes <= FOR_IMAGES * free_bytes()
    )


def block_bytes(group: Group, dataset: Dataset, layout: Layout) -> int:
    """Compile a block of steps, and return the bytes that it needs on each device, including its arguments."""
    numbers = hyperparameters_of(group.configs, group.steps_per_epoch)
    count = layout.padded(len(group.configs))
    members = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((count, *leaf.shape[1:]), leaf.dtype), numbers)
    state = jax.eval_shape(partial(init_state, group.spec, Layout()), members)
    data = train_data_shapes(dataset)
    compiled = interruptible(train_block.lower(group.spec, layout, group.block, data, members, state).compile)
    analysis: Any = compiled.memory_analysis()
    taken = analysis.argument_size_in_bytes + analysis.temp_size_in_bytes + analysis.output_size_in_bytes
    return int(taken - analysis.alias_size_in_bytes)


def _most_at_once(group: Group, dataset: Dataset, layout: Layout, local: int) -> int:
    """How many members at once fit into a device, from the memory that each further one needs."""
    if local < 2:
        return 1
    one, two = (block_bytes(group, dataset, layout._replace(at_once=count)) for count in (1, 2))
    copies = DEVICE_COPIES * local * state_bytes(group.spec, group.configs[0])
    left = USABLE * free_bytes() - one - copies
    return max(1, min(local, 1 + int(left / max(two - one, 1))))
