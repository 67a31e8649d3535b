"""A loss that is no number in some steps: which quantity it was, and what each setting of `train.on_nan` does then."""

import logging
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_runs import small_config, small_dataset

from vae_jax.sweep_language import expand
from vae_jax.training import steps
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.cohorts import cohort_of
from vae_jax.training.devices import Layout
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.loop import Trainer
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import NEVER, is_finite

DATASET = small_dataset()
MODES = ("stop", "skip", "restore")


def train(folder, *modes, epochs=4):
    """Train a member for each mode, 5 steps a block, and return the trainer and the final state."""
    sweep = (f"on_nan={','.join(modes)}",)
    config = small_config(sweep=sweep, train={"epochs": epochs}, checkpoint={"every_epochs": 1})
    cohort = cohort_of("group_0", list(enumerate(expand(config))), DATASET)
    (folder / "group_0").mkdir(parents=True, exist_ok=True)
    trainer = Trainer(cohort, DATASET, Layout(), Checkpoints(folder / "group_0", 9), lambda: 0.0)
    state = trainer.run(trainer.restore(), lambda members, state: None, lambda line: None)
    trainer.checkpoints.close()
    return trainer, state


@pytest.fixture
def faulty(monkeypatch, caplog):
    """Make beta_KL, and so the loss, no number in some steps."""
    caplog.set_level(logging.WARNING, "vae_jax")
    right = steps.beta_kl_of

    def make(first, last):
        def wrong(member, step):
            return jnp.where((step >= first) & (step <= last), jnp.nan, right(member, step))

        jax.clear_caches()
        monkeypatch.setattr(steps, "beta_kl_of", wrong)
        monkeypatch.setattr(Trainer, "hear", lambda *_: None)

    yield make
    jax.clear_caches()


def weights(state, k):
    return [np.asarray(leaf[k]) for leaf in jax.tree.leaves(state.params)]


def saved_weights(trainer, step, k):
    checkpoints = Checkpoints(trainer.checkpoints.folder, 9)
    leaves = checkpoints._checkpointer.load(step)
    checkpoints.close()
    return [np.asarray(leaves[name][k]) for name in sorted(leaves) if name.startswith("params.")]


def same(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(sorted_by_size(ours), sorted_by_size(theirs), strict=True))


def sorted_by_size(arrays):
    return sorted(arrays, key=lambda array: (array.shape, float(array.sum())))


def test_after_one_faulty_step_each_mode_goes_its_own_way(tmp_path, faulty, caplog):
    faulty(7, 7)
    trainer, state = train(tmp_path, *MODES)
    stop, skip, restore = (MODES.index(mode) for mode in MODES)
    said = [record.message for record in caplog.records]
    assert said == [
        "member 0: in step 7 the loss was nan; it stays as it was before",
        "member 1: in step 7 the loss was nan; such steps are skipped",
        "member 2: in step 7 the loss was nan; it goes on from step 5 (1 of 3)",
    ]
    assert trainer.failed == [7, 7, NEVER]
    assert trainer.stopped == [True, False, False]
    assert same(saved_weights(trainer, 10, restore), saved_weights(trainer, 5, restore))
    assert not same(saved_weights(trainer, 15, restore), saved_weights(trainer, 10, restore))
    assert same(saved_weights(trainer, 10, stop), weights(state, stop))
    assert not same(saved_weights(trainer, 10, skip), saved_weights(trainer, 10, stop))
    assert not same(weights(state, skip), saved_weights(trainer, 10, skip))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params))


@pytest.mark.parametrize("first", [0, 1])
def test_the_very_first_steps_may_fail_too(tmp_path, faulty, first):
    faulty(first, first)
    trainer, _ = train(tmp_path, "stop", epochs=1)
    assert (trainer.failed, trainer.stopped) == ([first], [True])


@pytest.mark.parametrize("mode", ["stop", "skip"])
def test_a_faulty_step_leaves_weights_moments_and_count_and_skip_moves_them_in_the_next(faulty, mode):
    faulty(2, 2)
    config = small_config(train={"on_nan": mode})
    program, members = spec_of([config], DATASET), hyperparameters_of([config], steps_per_epoch=5)
    data = steps.TrainData(jnp.asarray(DATASET.train.images), jnp.asarray(DATASET.draws))
    state = steps.init_state(program, Layout(), members)
    seen = []
    for _ in range(4):
        state, _ = steps.train_block(program, Layout(), 1, data, members, state)
        seen.append(([*map(np.asarray, jax.tree.leaves((state.params, state.optimiser)))], state.optimiser.count[0]))
    moved = [not all(map(np.array_equal, before[0], after[0])) for before, after in pairwise(seen)]
    assert moved == [True, False, mode == "skip"]
    assert [int(count) for _, count in seen] == [1, 2, 2, 3 if mode == "skip" else 2]
    assert state.failed.tolist() == [2]


@pytest.mark.slow
def test_what_fails_again_and_again_stops_at_the_third_return(tmp_path, faulty, caplog):
    faulty(7, 100)
    trainer, _ = train(tmp_path, "restore", epochs=9)
    said = [record.message for record in caplog.records]
    assert [f"({k} of 3)" in line for k, line in enumerate(said[:3], 1)] == [True] * 3
    assert said[3:] == ["member 0: in step 20 the loss was nan; it stays as it was before"]
    assert trainer.step == 25, "a run of which nothing goes on ends"


@pytest.mark.slow
def test_skipped_steps_are_named_a_few_times_only(tmp_path, faulty, caplog):
    faulty(0, 100)
    train(tmp_path, "skip", epochs=9)
    assert len(caplog.records) == 3
    assert caplog.records[-1].message.endswith("no more of them are named")


@pytest.mark.slow
def test_a_killed_run_goes_back_as_often_as_one_that_was_not(tmp_path, faulty):
    faulty(7, 12)
    _, whole = train(tmp_path / "whole", "restore", epochs=6)
    train(tmp_path / "parts", "restore", epochs=2)
    trainer, parts = train(tmp_path / "parts", "restore", epochs=6)
    assert trainer.setbacks == [2]
    assert same(weights(parts, 0), weights(whole, 0))


@pytest.mark.parametrize(
    ("bias", "sound"), [([1.0, 2.0], True), ([1.0, np.nan], False), ([1.0, -np.inf], False), ([1.0, 1e25], False)]
)
def test_a_gradient_is_judged_by_its_vectors(bias, sound):
    layers = nnx.List([nnx.Linear(3, 2, rngs=nnx.Rngs(0)) for _ in range(2)])
    grads = nnx.state(layers, nnx.Param)
    grads[1]["bias"][...] = jnp.array(bias)
    assert bool(is_finite(grads)) is sound


def test_all_weights_stay_where_the_gradient_of_a_layer_is_no_number_and_the_loss_is_one(monkeypatch):
    """The gradient of the square root at 0 is infinite, and its value is not."""
    right = steps.batch_terms

    def terms(vae, program, x, eps, mask):
        bias = vae.encoder.layers.layers[0].bias[...]
        found = right(vae, program, x, eps, mask)
        return found._replace(fit=found.fit + jnp.sqrt(jnp.abs(bias - bias)).sum())

    jax.clear_caches()
    monkeypatch.setattr(steps, "batch_terms", terms)
    config = small_config()
    program, members = spec_of([config], DATASET), hyperparameters_of([config], steps_per_epoch=5)
    data = steps.TrainData(jnp.asarray(DATASET.train.images), jnp.asarray(DATASET.draws))
    before = steps.init_state(program, Layout(), members)
    start = jax.tree.map(np.asarray, before.params)
    after, _ = steps.train_block(program, Layout(), 5, data, members, before)
    jax.clear_caches()
    assert after.failed.tolist() == [0]
    jax.tree.map(np.testing.assert_array_equal, after.params, start)
