"""Training a group: abandoned blocks leave no trace, and continuing repeats nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.evaluation.metrics import evaluator_of
from vae_jax.training import loop
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.groups import group_of
from vae_jax.training.loop import Trainer
from vae_jax.training.metrics_log import metric_lines
from vae_jax.training.resume import check_goes_on
from vae_jax.training.sharding import Layout

DATASET = small_dataset()
CONFIG = small_config(sweep=("beta_kl=0,1",), train={"epochs": 3}, eval={"every_epochs": 1}, log={"every_steps": 0})


def train(folder, abandon_at=None, *, slowly=True):
    """Train or continue; return the trainer, the last state and the logged lines.

    Args:
        folder: of the checkpoints.
        abandon_at: the number of the result that is abandoned after a signal, if it may be.
        slowly: whether blocks count as slow.
    """
    group = group_of("group_0", list(enumerate(expand(CONFIG))), DATASET)
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(group, DATASET, Layout(), Checkpoints(folder, 9), lambda: 0.0)
    lines, waits, stopped = [], [], []

    def wait(arrival, may_be_abandoned):
        waits.append(may_be_abandoned)
        if len(waits) == abandon_at:
            stopped.append(True)
            if may_be_abandoned:
                return False
        arrival()
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "QUICK", 0.0 if slowly else 1e9)
        state = trainer.restore()
        evaluate = evaluator_of(group, Layout(), DATASET)
        state = trainer.run(state, evaluate, lines.append, lambda: bool(stopped), wait)
    trainer.checkpoints.close()
    return trainer, state, lines


def assert_equal(one, other):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def moments(lines):
    return [(line["step"], line["split"], line["member"]) for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("result", range(1, 7), ids=["block", "test", "block 2", "test 2", "block 3", "test 3"])
def test_an_abandoned_block_leaves_no_trace(tmp_path, result):
    _, wanted, all_lines = train(tmp_path / "whole")
    trainer, _, lines = train(tmp_path / "run", result)
    epoch = trainer.group.steps_per_epoch
    assert trainer.step == (result - 1) // 2 * epoch, "a block whose evaluation is abandoned does not count"
    assert [int(path.name) for path in (tmp_path / "run").iterdir()][-1:] == [trainer.step]
    again, state, more = train(tmp_path / "run")
    assert_equal(state, wanted)
    assert lines + more == all_lines
    assert moments(again.last["test"]) == [(3 * epoch, "test", 0), (3 * epoch, "test", 1)]


@pytest.mark.slow
def test_a_quick_block_is_not_abandoned(tmp_path):
    trainer, _, _ = train(tmp_path / "run", 3, slowly=False)
    assert trainer.step == 2 * trainer.group.steps_per_epoch


def test_a_run_stopped_before_its_first_step_can_continue(tmp_path):
    group = group_of("group_0", list(enumerate(expand(CONFIG))), DATASET)
    (tmp_path / "run").mkdir()
    trainer = Trainer(group, DATASET, Layout(), Checkpoints(tmp_path / "run", 9), lambda: 0.0)
    trainer.run(None, evaluator_of(group, Layout(), DATASET), print, lambda: True)
    trainer.checkpoints.close()
    assert trainer.step == 0
    _, wanted, _ = train(tmp_path / "whole")
    assert_equal(train(tmp_path / "run")[1], wanted)


def test_the_returned_state_is_not_donated(tmp_path):
    _, state, _ = train(tmp_path / "run", 1)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(state.params))


@pytest.mark.parametrize(
    ("step", "data", "said"), [(7, "", "log.every_steps: found 5, which does not divide the 7"), (5, "0", "other")]
)
def test_a_group_continues_only_from_a_logged_moment_and_on_the_same_images(step, data, said):
    group = group_of("group_0", list(enumerate(expand(CONFIG))), DATASET)
    check_goes_on({"step": 5, "data": DATASET.fingerprint}, group, DATASET)
    with pytest.raises(UserError, match=said):
        check_goes_on({"step": step, "data": DATASET.fingerprint + data}, group, DATASET)


def test_metric_lines_are_plain_numbers_of_each_member():
    lines = metric_lines({"beta_kl": jnp.array([1.0, 0.1]), "loss": jnp.array([1 / 3, jnp.nan])})
    assert [line["beta_kl"] for line in lines] == [1.0, 0.1], "not 0.10000000149011612"
    assert np.float32(lines[0]["loss"]) == np.float32(1 / 3)
    assert np.isnan(lines[1]["loss"])
    assert all(type(value) is float for line in lines for value in line.values())
