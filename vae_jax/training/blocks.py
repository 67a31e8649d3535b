"""A compiled block of steps: as one program, or in parts where it would take long."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from vae_jax.core.signals import interruptible
from vae_jax.objectives.contracts import Metrics
from vae_jax.training.examples import TrainData
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters
from vae_jax.training.member import parameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState, draw_batches, mean_of_parts, take_steps, train_block

# The least work of a part, in multiplications and additions: half a second on two cores, a tenth on an accelerator.
# The parts of a block wait in the device's queue, so that it never waits for the host; a CPU's queue holds 32.
LEAST_WORK = {"cpu": 4e10}
LEAST_WORK_ACCELERATOR = 3e12
MOST_PARTS = 30


class RunningBlock(NamedTuple):
    """A block of steps that the devices are computing.

    Attributes:
        state: after the block.
        metrics: their means over its steps, each `[members]`.
        parts: of each part, its number of steps and an array that is ready when the part is done.
    """

    state: TrainState
    metrics: Metrics
    parts: Sequence[tuple[int, jax.Array]]


Block = Callable[[Hyperparameters, TrainState], RunningBlock]


def member_work(spec: Spec) -> float:
    """Approximate multiplications and additions of a member's step, backward being two thirds.

    The encoder is counted with the samples of an image too, though it runs once.
    """
    return 6 * parameters_of(spec) * spec.batch_size * spec.settings.objective.samples


def step_work(group: Group, layout: Layout) -> float:
    """Approximate multiplications and additions of a step of all members on each device."""
    return member_work(group.spec) * layout.padded(len(group.configs)) / layout.member_devices


def part_steps(group: Group, layout: Layout) -> int:
    """Choose the number of steps of a part, such that starting it costs little and a block has at most `MOST_PARTS`.

    Returns:
        a divisor of the block; the block itself where it is quick, or has no other suitable divisor.
    """
    wanted = LEAST_WORK.get(jax.default_backend(), LEAST_WORK_ACCELERATOR)
    least = math.ceil(max(2, wanted / step_work(group, layout), group.block / MOST_PARTS))
    return next((steps for steps in range(least, group.block) if not group.block % steps), group.block)


def compile_block(
    group: Group, layout: Layout, data: TrainData, members: Hyperparameters, state: TrainState, steps: int
) -> Block:
    """Compile a block of a group's steps.

    Args:
        group: the members.
        layout: where they are computed.
        data: shared by the members.
        members: their hyperparameters, each `[members]`.
        state: an example of the states that it will be given.
        steps: of a part: a divisor of the block. It doesn't change the state, to the bit; the means of the metrics may
            differ by rounding.

    Returns:
        a function that starts the block from the hyperparameters and a state, which is donated.
    """
    spec, block = group.spec, group.block
    if steps == block:
        whole = interruptible(train_block.lower(spec, layout, block, data, members, state).compile)

        def as_one(members: Hyperparameters, state: TrainState) -> RunningBlock:
            after, metrics = whole(data, members, state)
            return RunningBlock(after, metrics, [(block, after.step)])

        return as_one
    draw = partial(interruptible(draw_batches.lower(spec, layout, block, data, members, state.step).compile), data)
    starts = [layout.place(jnp.int32(first), shared=True) for first in range(0, block, steps)]
    batches = draw(members, state.step)
    some = interruptible(take_steps.lower(spec, layout, steps, data, members, batches, state, starts[0]).compile)

    def in_parts(members: Hyperparameters, state: TrainState) -> RunningBlock:
        batches, traces = draw(members, state.step), []
        for first in starts:
            state, trace = some(data, members, batches, state, first)
            traces.append(trace)
        return RunningBlock(state, mean_of_parts(traces), [(steps, trace.taken) for trace in traces])

    return in_parts
