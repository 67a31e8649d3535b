"""The part of its data that a run folder keeps."""

import dataclasses

import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.data import kept_data
from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.kept_data import keep_data, read_kept
from vae_jax.training.groups import group_of

DATA = dataclasses.replace(small_dataset(), notice="a notice", template=TEMPLATE)


def test_all_but_the_training_images_is_read_back(tmp_path):
    keep_data(tmp_path / "data.npz", DATA)
    kept = read_kept(tmp_path / "data.npz")
    for name in ("name", "source", "class_names", "notice", "template", "fingerprint", "image_shape"):
        assert getattr(kept, name) == getattr(DATA, name)
    np.testing.assert_array_equal(kept.test.images, DATA.test.images)
    np.testing.assert_array_equal(kept.test.labels, DATA.test.labels)
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_kept_data_have_the_sizes_that_planning_needs(tmp_path):
    keep_data(tmp_path / "data.npz", DATA)
    members = [(0, small_config(train={"steps_per_epoch": 0}))]
    assert group_of("group_0", members, read_kept(tmp_path / "data.npz")) == group_of("group_0", members, DATA)


def test_the_number_of_validation_images_is_kept(tmp_path):
    keep_data(tmp_path / "data.npz", dataclasses.replace(DATA, validation=DATA.test))
    assert len(read_kept(tmp_path / "data.npz").validation) == len(DATA.test)


@pytest.mark.parametrize("limit", [{"MOST_IMAGES": 4}, {"MOST_BYTES": 4 * 36 + 1}])
def test_of_many_test_images_evenly_spaced_ones_are_kept(tmp_path, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setattr(kept_data, name, value)
    keep_data(tmp_path / "data.npz", DATA)
    np.testing.assert_array_equal(read_kept(tmp_path / "data.npz").test.images, DATA.test.images[[0, 3, 6, 9]])


def test_the_file_is_written_again_only_for_other_data(tmp_path):
    path = tmp_path / "data.npz"
    keep_data(path, DATA)
    first = path.stat().st_mtime_ns, path.read_bytes()
    keep_data(path, DATA)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == first
    keep_data(path, small_dataset(seed=1))
    assert read_kept(path).fingerprint == small_dataset(seed=1).fingerprint


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:200], lambda content: b"no archive"])
def test_a_damaged_file_is_named_and_written_again(tmp_path, damage):
    path = tmp_path / "data.npz"
    keep_data(path, DATA)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"data.npz: can't be read .*--mode=evaluate"):
        read_kept(path)
    keep_data(path, DATA)
    assert read_kept(path).fingerprint == DATA.fingerprint
