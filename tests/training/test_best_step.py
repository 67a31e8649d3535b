"""The best step of each member, and members that stop when they are out of patience."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.training.best_step import BestSteps, Criterion, check_criterion, criterion_of
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.groups import group_of
from vae_jax.training.loop import Trainer
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import NEVER

DATASET = small_dataset()
NAN = float("nan")
# The validation ELBO of each epoch: the first member is best in epoch 2 and out of patience after epoch 4.
ELBOS = [[-9.0, -5.0, -6.0, -5.0, -1.0, -1.0], [-9.0, -8.0, NAN, -7.0, -7.5, -6.0]]


def config(**train):
    fields = {"epochs": 6, "steps_per_epoch": 2, "keep_best": True, "patience": 2} | train
    return small_config(sweep=("seed=0,1",), train=fields)


def train(folder, numbers=(0, 1), until=6, **fields):
    """Train or continue with scripted evaluations; return the trainer, the last state, the evaluated weights, lines."""
    members = [(number, expand(config(**fields))[number]) for number in numbers]
    group = group_of("group_0", members, DATASET)
    folder.mkdir(exist_ok=True)
    trainer = Trainer(group, DATASET, Layout(), Checkpoints(folder, 9), lambda: 0.0)
    seen, lines = {}, []

    def evaluate(_, state):
        seen[trainer.step] = jax.device_get(state.evaluated)
        values = jnp.array([ELBOS[number][trainer.step // 2 - 1] for number in numbers])
        metrics = {"elbo": values, "loss": -values}
        return {"validation": metrics, "test": metrics}

    state = trainer.run(trainer.restore(), evaluate, lines.append, lambda: trainer.step >= 2 * until)
    trainer.checkpoints.close()
    return trainer, jax.device_get(state), seen, lines


def of_member(tree, k):
    return jax.tree.map(lambda leaf: leaf[k], tree)


def assert_equal(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs") / "whole")


@pytest.mark.slow
def test_the_weights_of_each_best_step_are_kept(whole):
    trainer, state, seen, _ = whole
    assert trainer.best.steps == [4, 12]
    assert state.best["step"].tolist() == [4, 12]
    for k, step in enumerate(trainer.best.steps):
        assert_equal(of_member(state.at_best().evaluated, k), of_member(seen[step], k))
    assert [line["elbo"] for line in trainer.reported("test")] == [-5.0, -6.0]
    assert [line["step"] for line in trainer.reported("train")] == [4, 12]


@pytest.mark.slow
def test_a_member_out_of_patience_takes_no_more_steps_and_the_others_go_on(whole):
    trainer, state, seen, lines = whole
    assert trainer.best.ended == [8, NEVER]
    assert state.ended.tolist() == [8, NEVER]
    assert_equal(of_member(state.params, 0), of_member(seen[8], 0))
    assert trainer.step == 12
    logged = {member: [line["step"] for line in lines if line["member"] == member] for member in (0, 1)}
    assert max(logged[0]) == 8, "it has no lines after its end"
    assert max(logged[1]) == 12


@pytest.mark.slow
def test_it_equals_the_member_alone(whole, tmp_path):
    _, state, _, _ = whole
    trainer, alone, _, _ = train(tmp_path / "alone", numbers=(0,))
    assert trainer.step == 8, "a run whose members all stopped ends"
    assert (alone.ended.tolist(), alone.best["step"].tolist()) == ([8], [4])
    for name in ("params", "best"):
        ours, theirs = (of_member(getattr(each, name), 0) for each in (state, alone))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("until", [3, 5])
def test_a_continued_run_has_the_same_best_steps(whole, tmp_path, until):
    trainer, state, _, _ = whole
    train(tmp_path / "run", until=until)
    again, continued, _, _ = train(tmp_path / "run")
    assert_equal(continued, state)
    assert again.record([0, 1], [0, 1]) == trainer.record([0, 1], [0, 1]) | {"seconds": again.seconds}


def test_the_record_of_one_member_is_that_of_the_member_alone(whole):
    record = whole[0].record([0], [5])
    best = BestSteps.read(record["best"])
    assert (best.values, best.steps, best.ended, record["setbacks"]) == ([-5.0], [4], [8], [0])
    lines = [*best.lines[0].values(), *(line for (line,) in record["last"].values())]
    assert {line["member"] for line in lines} == {5}


@pytest.mark.slow
def test_without_keep_best_the_last_metrics_are_reported(tmp_path):
    trainer, state, _, _ = train(tmp_path / "run", keep_best=False, epochs=4)
    assert state.best == {}
    assert [line["elbo"] for line in trainer.reported("test")] == [-5.0, -7.0]


def test_reported_metrics_can_be_evaluated_again(whole):
    trainer, _, _, _ = whole
    trainer.best = BestSteps.read(trainer.best.record([0, 1], [0, 1]))  # a copy
    trainer.report("test", [{"elbo": -4.0, "loss": 4.0}, {"elbo": NAN, "loss": NAN}])
    assert [(line["step"], line["elbo"]) for line in trainer.reported("test")] == [(4, -4.0), (12, -6.0)]


@pytest.mark.parametrize(
    ("metric", "value", "best", "better"),
    [
        ("elbo", -1.0, -2.0, True),
        ("elbo", -2.0, -2.0, False),
        ("bound", -3.0, -2.0, False),
        ("encoder_bound", -1.0, -2.0, True),
        ("loss", -3.0, -2.0, True),
        ("distortion", 1.0, -2.0, False),
        ("loss", NAN, -2.0, False),
        ("loss", 5.0, NAN, True),
        ("loss", NAN, NAN, False),
    ],
)
def test_bounds_are_better_the_larger_and_costs_the_smaller(metric, value, best, better):
    assert Criterion("test", metric).is_better(value, best) is better


def test_the_metric_and_its_split_are_named():
    assert criterion_of(config(best_by="test.distortion").train) == ("test", "distortion")
    for wrong in ("elbo", "train.elbo", "validation.", ""):
        with pytest.raises(UserError, match=r"best_by: found .*needs a split \(validation or test\) and a metric"):
            criterion_of(config(best_by=wrong).train)


@pytest.mark.parametrize(
    ("fields", "splits", "said"),
    [
        ({}, ["test"], r"keep_best: found True without validation images; set config.data.validation_fraction"),
        ({"keep_best": False}, ["test"], r"patience: found 2 without validation images"),
        (
            {"best_by": "test.elb"},
            ["test"],
            r"'elb' is no metric of config.objective.name=elbo; needs one of loss, elbo",
        ),
        ({"best_by": "test.loss"}, ["test"], None),
        ({"keep_best": False, "patience": 0, "best_by": "nothing"}, ["test"], None),
    ],
)
def test_it_must_be_there(fields, splits, said):
    arguments = expand(config(**fields))[0], dict.fromkeys(splits), {"loss": 0, "elbo": 0, "beta_kl": 0}
    if said is None:
        check_criterion(*arguments)
    else:
        with pytest.raises(UserError, match=said):
            check_criterion(*arguments)
