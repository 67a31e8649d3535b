"""A block of steps in parts: bit-identical to a whole block, and reported part by part."""

import dataclasses

import jax
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.training import blocks
from vae_jax.training.blocks import compile_block, part_steps, step_work
from vae_jax.training.examples import train_data
from vae_jax.training.groups import group_of
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state

DATASET = small_dataset()


def group(learning_rate=1e-3, **train):
    """Two members, which fail with some values of `learning_rate`."""
    config = small_config(sweep=("beta_kl=0,1",), train=train, optimiser={"learning_rate": learning_rate})
    return group_of("group_0", list(enumerate(expand(config))), DATASET)


def run(group, steps, blocks_run=3):
    """Train some blocks of steps, in parts of so many; return the states, the metrics and the parts."""
    members = hyperparameters_of(group.configs, group.steps_per_epoch)
    data = train_data(DATASET)
    state = init_state(group.spec, Layout(), members)
    block = compile_block(group, Layout(), data, members, state, steps)
    found = []
    for _ in range(blocks_run):
        begun = block(members, state)
        state = begun.state
        found.append((jax.device_get(state), jax.device_get(begun.metrics), [steps for steps, _ in begun.parts]))
    return found


def assert_alike(parts, whole, rtol):
    for ours, theirs in zip(jax.tree.leaves(parts), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol and 1e-6)


@pytest.mark.slow
def test_a_block_in_parts_takes_the_same_steps_and_reports_each_part():
    """Blocks of 6 steps on passes of 5: batches come from the whole block, across passes."""
    six = group(steps_per_epoch=6)
    for whole, parts in zip(run(six, 6), run(six, 2), strict=True):
        assert (whole[2], parts[2]) == ([6], [2, 2, 2])
        assert_alike(parts[:2], whole[:2], rtol=1e-4)


@pytest.mark.optimised
@pytest.mark.parametrize("learning_rate", [1e-3, 1e30], ids=["well", "failing"])
def test_parts_do_not_change_the_state(learning_rate):
    twelve = group(steps_per_epoch=12, learning_rate=learning_rate)
    for whole, parts in zip(run(twelve, 12), run(twelve, 4), strict=True):
        assert_alike(parts[0], whole[0], rtol=0)
        assert_alike(parts[1], whole[1], rtol=1e-6)


def test_a_quick_block_is_one_part():
    assert part_steps(group(steps_per_epoch=6), Layout()) == 6


@pytest.mark.parametrize(
    ("block", "worth", "steps"),
    [
        (100, 1, 4),  # 25 parts: no more than 30 of them
        (100, 5, 5),
        (100, 6, 10),
        (100, 51, 100),
        (97, 1, 97),  # of no divisor
        (1, 1, 1),
        (4, 1, 2),  # no part is a single step, which is compiled differently
        (2, 1, 2),
    ],
)
def test_a_part_is_a_divisor_of_the_block_with_enough_work(monkeypatch, block, worth, steps):
    some = dataclasses.replace(group(steps_per_epoch=block), block=block)
    monkeypatch.setitem(blocks.LEAST_WORK, "cpu", worth * step_work(some, Layout()))
    assert part_steps(some, Layout()) == steps


def test_the_work_of_a_step_is_two_operations_per_parameter_forward_and_four_backward():
    """36-8-2 and back: 36·8+8, twice 8·2+2, 2·8+8, 8·36+36; two members, batches of 10."""
    parameters = (36 * 8 + 8) + 2 * (8 * 2 + 2) + (2 * 8 + 8) + (8 * 36 + 36)
    assert step_work(group(), Layout()) == 6 * parameters * 10 * 2
