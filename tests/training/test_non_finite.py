"""A non-finite loss in some steps: which quantity it was, and what each setting of `train.on_nan` does."""

import logging
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from faulty_objectives import registered
from flax import nnx
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.examples import train_data
from vae_jax.training.extraction import state_shapes
from vae_jax.training.groups import group_of
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.loop import Trainer
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import NEVER, init_state, is_finite, train_block

DATASET = small_dataset()
MODES = ("stop", "skip", "restore")


def faulty(first, last):
    """Settings with which the loss is NaN from one step to another."""
    parts = {"objectives": {"no_number": {"first": first, "last": last}}}
    return {"objective": {"name": "no_number"}, "parts": parts}


@pytest.fixture(autouse=True)
def _objectives(caplog):
    caplog.set_level(logging.WARNING, "vae_jax")
    with registered():
        yield


def train(folder, *modes, fails, epochs=4, **sections):
    """Train a member for each mode, 5 steps a block, and return the trainer and the final state."""
    sweep = (f"on_nan={','.join(modes)}",)
    sections = {"train": {"epochs": epochs}, "checkpoint": {"every_epochs": 1}, **faulty(*fails), **sections}
    group = group_of("group_0", list(enumerate(expand(small_config(sweep=sweep, **sections)))), DATASET)
    (folder / "group_0").mkdir(parents=True, exist_ok=True)
    trainer = Trainer(group, DATASET, Layout(), Checkpoints(folder / "group_0", 9), lambda: 0.0)
    state = trainer.run(trainer.restore(), lambda members, state: None, lambda line: None)
    trainer.checkpoints.close()
    return trainer, state


def blocks(config, steps, times):
    """Yield the state before the first step and after each block of steps, on the host."""
    spec, members = spec_of([config], DATASET), hyperparameters_of([config], steps_per_epoch=5)
    state = init_state(spec, Layout(), members)
    yield jax.device_get(state)
    for _ in range(times):
        state, _ = train_block(spec, Layout(), steps, train_data(DATASET), members, state)
        yield jax.device_get(state)


def learned(state, k):
    """All that a member has learned: weights, variables, moments and their counts."""
    return [np.asarray(leaf[k]) for leaf in jax.tree.leaves(state[:4])]


def saved(trainer, step, k):
    checkpoints = Checkpoints(trainer.checkpoints.folder, 9)
    state, _ = checkpoints.restore(state_shapes(trainer.group.spec, trainer.group.configs), step)
    checkpoints.close()
    return learned(state, k)


def same(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.slow
def test_each_mode_handles_one_non_finite_step(tmp_path, caplog):
    trainer, state = train(tmp_path, *MODES, fails=(7, 7))
    stop, skip, restore = (MODES.index(mode) for mode in MODES)
    said = [record.message for record in caplog.records]
    assert said == [
        "member 0: in step 7 the loss was nan; it stops with the weights from before this step",
        "member 1: in step 7 the loss was nan; such steps are skipped",
        "member 2: in step 7 the loss was nan; it continues from step 5 (1 of 3)",
    ]
    assert trainer.failed == [7, 7, NEVER]
    assert trainer.stopped == [True, False, False]
    assert same(saved(trainer, 10, restore), saved(trainer, 5, restore))
    assert not same(saved(trainer, 15, restore), saved(trainer, 10, restore))
    assert same(saved(trainer, 10, stop), learned(state, stop))
    assert not same(saved(trainer, 10, skip), saved(trainer, 10, stop))
    assert not same(learned(state, skip), saved(trainer, 10, skip))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params))


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1])
def test_the_very_first_steps_may_fail_too(tmp_path, first):
    trainer, _ = train(tmp_path, "stop", fails=(first, first), epochs=1)
    assert (trainer.failed, trainer.stopped) == ([first], [True])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["stop", "skip"])
@pytest.mark.parametrize("optimiser", [{}, {"name": "adamw", "clip": 1.0, "ema": 0.9}], ids=["adam", "all there is"])
def test_a_non_finite_step_changes_no_state_and_skip_continues_with_the_next(mode, optimiser):
    config = small_config(train={"on_nan": mode}, optimiser=optimiser, **faulty(2, 2))
    states = list(blocks(config, 1, 4))
    moved = [not same(learned(before, 0), learned(after, 0)) for before, after in pairwise(states)]
    assert moved == [True, True, False, mode == "skip"]
    counts = [
        {int(leaf[0]) for leaf in jax.tree.leaves(state.optimiser) if leaf.dtype == np.int32 and leaf.shape == (1,)}
        for state in states
    ]
    assert counts == [{0}, {1}, {2}, {2}, {3} if mode == "skip" else {2}]
    assert states[-1].failed.tolist() == [2]


@pytest.mark.slow
def test_the_codebook_of_a_failed_member_does_not_change():
    """It follows the codes in every step, whatever the gradient."""
    sections = faulty(2, 9) | {"model": {"posterior": "vq", "prior": "uniform_codes"}}
    states = list(blocks(small_config(**sections), 1, 4))
    books = [[leaf[0] for leaf in jax.tree.leaves(state.variables)] for state in states]
    assert [same(before, after) for before, after in pairwise(books)] == [False, False, True, True]


@pytest.mark.slow
def test_a_member_that_keeps_failing_stops_after_three_returns(tmp_path, caplog):
    trainer, _ = train(tmp_path, "restore", fails=(7, 100), epochs=9)
    said = [record.message for record in caplog.records]
    assert [f"({k} of 3)" in line for k, line in enumerate(said[:3], 1)] == [True] * 3
    assert said[3:] == ["member 0: in step 20 the loss was nan; it stops with the weights from before this step"]
    assert trainer.step == 25, "a run of which nothing goes on ends"


@pytest.mark.slow
def test_skipped_steps_are_named_a_few_times_only(tmp_path, caplog):
    train(tmp_path, "skip", fails=(0, 100), epochs=9)
    assert len(caplog.records) == 3
    assert caplog.records[-1].message.endswith("further ones are not logged")


@pytest.mark.slow
def test_a_killed_run_counts_its_returns_as_one_that_was_not(tmp_path):
    _, whole = train(tmp_path / "whole", "restore", fails=(7, 12), epochs=6)
    train(tmp_path / "parts", "restore", fails=(7, 12), epochs=2)
    trainer, parts = train(tmp_path / "parts", "restore", fails=(7, 12), epochs=6)
    assert trainer.setbacks == [2]
    assert same(learned(parts, 0), learned(whole, 0))


@pytest.mark.parametrize(
    ("bias", "sound"), [([1.0, 2.0], True), ([1.0, np.nan], False), ([1.0, -np.inf], False), ([1.0, 1e25], False)]
)
def test_a_gradient_is_checked_by_its_biases(bias, sound):
    layers = nnx.List([nnx.Linear(3, 2, rngs=nnx.Rngs(0)) for _ in range(2)])
    grads = nnx.to_pure_dict(nnx.state(layers, nnx.Param))
    grads[1]["bias"] = jnp.array(bias)
    assert bool(is_finite({"model": grads})) is sound


@pytest.mark.slow
def test_a_non_finite_gradient_with_a_finite_loss_changes_no_state():
    before, after = blocks(small_config(objective={"name": "steep"}), 5, 1)
    assert after.failed.tolist() == [0]
    assert same(learned(after, 0), learned(before, 0))


@pytest.mark.slow
def test_the_non_finite_quantity_is_named_even_if_only_a_gradient(tmp_path, caplog):
    train(tmp_path, "stop", fails=(0, 0), epochs=1, objective={"name": "steep"}, parts={})
    (said,) = [record.message for record in caplog.records]
    gradient = "the square of the gradient of model.encoder.layers.layers.0.bias was "
    assert said.startswith(f"member 0: in step 0 {gradient}")
    assert said.endswith("; it stops with the weights from before this step")
