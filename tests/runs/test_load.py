"""Trained members are read from their run folder only, or what is missing is named."""

import dataclasses

import numpy as np
import pytest
from made_runs import make_run
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.runs.load import load_members, load_run, saved_steps

DATA = dataclasses.replace(small_dataset(), notice="made up")
SWEEP = small_config(sweep=("latent_dim=2,3", "seed=0,1"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "sweep"
    return folder, *make_run(folder, SWEEP, DATA)


def test_it_has_all_that_is_needed_to_use_the_member(run):
    trained = load_run(run[0], member=3)
    assert (trained.member, trained.config.seed, trained.config.model.latent_dim) == (3, 1, 3)
    assert trained.title == "dogpeople · 3 latent · beta_KL 1 · seed 1"
    assert (trained.class_names, trained.notice, trained.template) == (DATA.class_names, "made up", None)
    np.testing.assert_array_equal(trained.test.images, DATA.test.images)
    np.testing.assert_array_equal(trained.test.labels, DATA.test.labels)


def test_several_members_equal_those_that_are_read_alone(run):
    several = {trained.member: trained for trained in load_members(run[0], [3, 0])}
    assert set(several) == {0, 3}
    for member, trained in several.items():
        alone = load_run(run[0], member)
        assert (trained.title, trained.config, trained.spec) == (alone.title, alone.config, alone.spec)
        np.testing.assert_array_equal(trained.encode(DATA.test.images).mu, alone.encode(DATA.test.images).mu)


def test_members_can_be_read_from_an_earlier_checkpoint(run):
    assert saved_steps(run[0]) == [0]
    (then,) = load_members(run[0], [1], step=0)
    np.testing.assert_array_equal(then.encode(DATA.test.images).mu, load_run(run[0], 1).encode(DATA.test.images).mu)
    with pytest.raises(UserError, match="group_0: found none of step 7; has 0"):
        list(load_members(run[0], [1], step=7))


def test_a_file_is_not_a_run(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file: no run here"):
        load_run(tmp_path / "file")


def test_the_only_member_need_not_be_named(tmp_path):
    make_run(tmp_path / "run", small_config(seed=7), DATA)
    (tmp_path / "run" / "figures").mkdir()
    (tmp_path / "run" / "figures" / "samples.png").touch()
    alone = load_run(str(tmp_path / "run"))
    assert alone.config.seed == 7
    assert alone.figures() == {"samples": tmp_path / "run" / "figures" / "samples.png"}
    with pytest.raises(UserError, match=r"^member: found 1; .* has member 0 only"):
        load_run(tmp_path / "run", 1)


def test_a_member_of_a_sweep_has_to_be_named(run):
    with pytest.raises(UserError, match="a sweep with members 0 to 3; needs the number of a member"):
        load_run(run[0])
    with pytest.raises(UserError, match=r"^member: found 4; .* has members 0 to 3"):
        load_run(run[0], 4)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no run here \(no config.json\)"):
        load_run(tmp_path)
    folder = tmp_path / "run"
    make_run(folder, small_config(), DATA)
    (folder / "data.npz").rename(tmp_path / "data.npz")
    with pytest.raises(UserError, match=r"data.npz: no such file; .*--mode=evaluate"):
        load_run(folder)
    (tmp_path / "data.npz").rename(folder / "data.npz")
    (folder / "checkpoints" / "group_0").rename(tmp_path / "group_0")
    with pytest.raises(UserError, match="no checkpoint yet"):
        load_run(folder)


def test_data_of_another_run_are_refused(tmp_path):
    make_run(tmp_path / "one", small_config(), DATA)
    make_run(tmp_path / "two", small_config(), small_dataset(seed=1))
    (tmp_path / "two" / "data.npz").replace(tmp_path / "one" / "data.npz")
    with pytest.raises(UserError, match=r"data.npz: of other data than the checkpoint's"):
        load_run(tmp_path / "one")


def test_reading_does_not_change_a_run_that_is_being_trained(tmp_path):
    """Files that look unfinished or damaged may still be being written."""
    make_run(tmp_path / "run", small_config(), DATA)
    home = tmp_path / "run" / "checkpoints" / "group_0"
    (home / "9").mkdir()
    (home / "9.orbax-checkpoint-tmp").mkdir()
    before = sorted((tmp_path / "run").rglob("*"))
    assert load_run(tmp_path / "run").member == 0
    assert sorted((tmp_path / "run").rglob("*")) == before
