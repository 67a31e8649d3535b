"""The registry of sources: each returns a data set, or a one-line error."""

import errno
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from small_runs import small_dataset

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Split, content_hashes
from vae_jax.data.sources.registry import SOURCES, load


@pytest.fixture
def raw(tmp_path, put_noise_digits, put_binary_digits):
    """A raw folder with the files of every source that needs some, but for people and dogs."""
    for name in ("mnist", "fashion_mnist"):
        put_noise_digits(tmp_path / name, 30, 12)
    put_binary_digits(tmp_path / "binarized_mnist")
    (tmp_path / "freyfaces").mkdir()
    np.save(
        tmp_path / "freyfaces" / "frey.npy", np.random.default_rng(0).integers(0, 256, (100, 28, 20)).astype(np.uint8)
    )
    for k in range(6):
        draw_photograph(tmp_path / "pictures" / f"{k}.jpg", k)
    return str(tmp_path)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "arrays"])
def test_every_source_gives_images_of_the_same_form(raw, name):
    named = "" if name == "dogpeople" else raw
    dataset = load(DataConfig(name=name, raw_dir=named, prepared_dir="prepared", drawn=48, image_size=12))
    assert dataset.name == name
    assert dataset.source
    assert bool(dataset.notice) == (name == "dogpeople")
    for split in (dataset.train, dataset.test):
        assert split.images.dtype == np.uint8
        assert split.images.shape == (len(split.labels), *dataset.image_shape)
        assert split.labels.dtype == np.int32
        assert 0 <= split.labels.min() <= split.labels.max() < len(dataset.class_names)
    assert set(dataset.sampling_indices) == set(range(len(dataset.train)))
    assert not set(content_hashes(dataset.train.images)) & set(content_hashes(dataset.test.images))


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "arrays"])
def test_every_source_gives_validation_images_where_a_share_of_them_is_asked_for(raw, name):
    named = "" if name == "dogpeople" else raw
    config = DataConfig(name=name, raw_dir=named, prepared_dir="prepared", drawn=48, image_size=12, mirror=True)
    whole, found = load(config), load(replace(config, validation_fraction=0.3))
    assert not len(whole.validation)
    assert found.test_fingerprint == whole.test_fingerprint
    assert 0.15 < len(found.validation) / (len(found.train) + len(found.validation)) < 0.45
    assert not set(content_hashes(found.train.images)) & set(content_hashes(found.validation.images))
    known = set(content_hashes(whole.train.images))
    assert set(content_hashes(found.train.images)) | set(content_hashes(found.validation.images)) <= known
    assert set(found.sampling_indices) == set(range(len(found.train)))


def test_classes_without_test_images_are_named_with_the_source(monkeypatch):
    whole, config = small_dataset(), DataConfig(name="digits")
    dark = Split(whole.test.images[:2], np.zeros(2, np.int32))
    monkeypatch.setitem(SOURCES._entries, "digits", lambda _: replace(whole, test=dark))
    assert load(config).source == f"{whole.source}; trained on, not tested on: 1 class (bright)"
    monkeypatch.setitem(SOURCES._entries, "digits", lambda _: whole)
    assert load(config).source == whole.source


def test_an_unknown_source_is_an_error_with_the_nearest_name():
    with pytest.raises(UserError) as error:
        load(DataConfig(name="dogpoeple"))
    assert str(error.value).startswith(
        "config.data.name: found 'dogpoeple'; known are arrays, binarized_mnist, digits, "
    )
    assert str(error.value).endswith("did you mean 'dogpeople'?")


@pytest.mark.parametrize("fraction", [0.0, 0.1])
def test_data_without_training_images_are_an_error(tmp_path, fraction):
    (tmp_path / "freyfaces").mkdir()
    np.save(tmp_path / "freyfaces" / "frey.npy", np.zeros((10, 28, 20), np.uint8))
    with pytest.raises(
        UserError, match=r"^config\.data: found no training images in .*frey\.npy; change config\.data\.test"
    ):
        load(DataConfig(name="freyfaces", raw_dir=str(tmp_path), validation_fraction=fraction))


def test_a_share_of_validation_images_that_leaves_none_to_train_on_is_an_error(tmp_path, monkeypatch):
    whole = small_dataset()
    one = replace(
        whole, train=Split(whole.train.images[:1], whole.train.labels[:1]), sampling_indices=np.zeros(1, np.int32)
    )
    monkeypatch.setitem(SOURCES._entries, "digits", lambda _: one)
    with pytest.raises(
        UserError, match=r"^config\.data\.validation_fraction: found 0\.9, but no class with 2 different"
    ):
        load(DataConfig(name="digits", validation_fraction=0.9))
    np.save(tmp_path / "frey.npy", np.random.default_rng(0).integers(0, 256, (30, 28, 20)).astype(np.uint8))
    with pytest.raises(UserError, match=r"^config\.data: found no training images in .*; change config\.data\.valid"):
        load(DataConfig(name="freyfaces", raw_dir=str(tmp_path), validation_fraction=0.5))


def test_the_last_images_of_mnist_are_its_validation_images(raw):
    config = DataConfig(name="mnist", raw_dir=raw, prepared_dir="prepared")
    whole, found = load(config), load(replace(config, validation_fraction=1 / 6))
    np.testing.assert_array_equal(found.train.images, whole.train.images[:25])
    np.testing.assert_array_equal(found.train.labels, whole.train.labels[:25])
    np.testing.assert_array_equal(found.validation.images, whole.train.images[25:])
    np.testing.assert_array_equal(found.validation.labels, whole.train.labels[25:])
    np.testing.assert_array_equal(found.sampling_indices, np.arange(25))
    with pytest.raises(UserError) as error:
        load(replace(config, validation_fraction=0.01))
    assert str(error.value) == (
        "config.data.validation_fraction: found 0.01, which holds out 0 of 30 training images; needs to hold out 1 or "
        "more, and to leave 1 or more"
    )


def test_a_folder_without_permission_is_an_error(monkeypatch):
    def refused(config):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/locked/raw")

    monkeypatch.setitem(SOURCES._entries, "photos", refused)
    with pytest.raises(UserError, match=r"^/locked/raw: can't be used \(Permission denied\); change config\.data"):
        load(DataConfig(name="photos"))


def test_a_source_is_imported_only_when_it_is_asked_for():
    heavy = {"tensorflow_datasets", "sklearn", "skimage", "scipy.io", "PIL"}
    asked = f"import sys, vae_jax.data.sources.registry; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
