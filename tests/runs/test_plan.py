"""The plan of a run, before anything is compiled or written."""

import dataclasses

import pytest
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.data import collection
from vae_jax.data.kept_data import read_kept
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import check_config, plan_run

SWEEP = ("contrast=none,stretch", "seed=0,1")


@pytest.fixture(autouse=True)
def _made_up(monkeypatch):
    """Each contrast has different images."""
    monkeypatch.setattr(
        collection, "load", lambda data, given: small_dataset(seed=["none", "stretch"].index(data.contrast))
    )


def test_nothing_is_written(tmp_path):
    plan_run(RunFolder(tmp_path / "run"), small_config(sweep=SWEEP))
    assert list(tmp_path.iterdir()) == []


def test_members_are_numbered_in_order_whatever_their_groups(tmp_path):
    plan = plan_run(RunFolder(tmp_path), small_config(sweep=SWEEP[::-1]))
    assert [(k, c.seed, c.data.contrast) for k, c in plan.members.items()] == [
        (0, 0, "none"), (1, 0, "stretch"), (2, 1, "none"), (3, 1, "stretch"),
    ]  # fmt: skip
    assert [group.numbers for group in plan.groups] == [(0, 2), (1, 3)]


def test_the_test_images_of_each_are_kept(tmp_path):
    config = small_config(sweep=SWEEP)
    plan = plan_run(RunFolder(tmp_path), config)
    plan.keep_test_images()
    assert len(list(tmp_path.glob("data*.npz"))) == 2
    for group in plan.groups:
        kept = read_kept(plan.folder.data(config, group.configs[0]))
        assert kept.fingerprint == plan.dataset(group).fingerprint
    assert len({plan.dataset(group).fingerprint for group in plan.groups}) == 2


def test_an_unknown_part_is_refused_before_the_data_are_read():
    config = small_config(sweep=("likelihood=mse,mes",))
    with pytest.raises(UserError, match="did you mean 'mse'"):
        check_config(config)
    assert len(check_config(dataclasses.replace(config, sweep=("seed=0,1",)))) == 2


@pytest.mark.parametrize(
    ("train", "sweep"),
    [
        ({"epochs": 10_000_000, "steps_per_epoch": 215}, ()),
        ({"epochs": 1, "steps_per_epoch": 1000}, ("epochs=1,10_000_000",)),
    ],
)
def test_too_many_steps_are_refused_before_the_data_are_read(train, sweep):
    with pytest.raises(UserError, match=r"train\.epochs: found 10,000,000, of [\d,]+ steps each; needs at most"):
        check_config(small_config(train=train, sweep=sweep))


def test_too_many_steps_are_refused_if_an_epoch_is_a_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "load", lambda _, given: small_dataset(300))
    config = small_config(train={"epochs": 10_000_000, "steps_per_epoch": 0, "batch_size": 1})
    with pytest.raises(UserError, match=r"of 250 steps each; needs at most 8,589,934, as the steps"):
        plan_run(RunFolder(tmp_path / "run"), config)
