"""Larochelle's binarised MNIST: three text files, found or downloaded, and prepared once."""

import gzip
import hashlib

import numpy as np
import pytest

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.sources import binarized_mnist
from vae_jax.data.sources.binarized_mnist import ROWS, SHA256
from vae_jax.data.sources.registry import load


@pytest.fixture
def put(tmp_path, put_binary_digits):
    """Put files into a raw folder and return the config that reads it."""

    def write(place="raw/binarized_mnist", **fields):
        config = DataConfig(name="binarized_mnist", raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "kept"))
        return put_binary_digits(tmp_path / place), DataConfig(**{**vars(config), **fields})

    return write


@pytest.mark.parametrize("place", ["raw/binarized_mnist", "raw"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_files_are_found_under_their_names(put, tmp_path, place, packed):
    digits, config = put(place, validation_fraction=0.1)
    if packed:
        for path in (tmp_path / place).iterdir():
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    before = sorted((tmp_path / "raw").rglob("*"))
    dataset = load(config)
    for name, split in (("train", dataset.train), ("valid", dataset.validation), ("test", dataset.test)):
        np.testing.assert_array_equal(split.images.reshape(len(split), -1), 255 * digits[name])
    assert dataset.image_shape == (28, 28, 1)
    assert dataset.is_binary
    assert (dataset.class_names, dataset.notice) == (("digit",), "")
    assert dataset.source == f"amat files in {tmp_path / place}"
    assert sorted((tmp_path / "raw").rglob("*")) == before


def test_the_published_validation_images_are_trained_on_only_where_none_are_asked_for(put):
    digits, config = put()
    dataset = load(config)
    assert not len(dataset.validation)
    joined = np.concatenate([digits["train"], digits["valid"]])
    np.testing.assert_array_equal(dataset.train.images.reshape(len(joined), -1), 255 * joined)
    for fraction in (0.01, 0.5):
        assert len(load(put(validation_fraction=fraction)[1]).validation) == len(digits["valid"])


def test_the_files_are_prepared_once_and_other_files_anew(put, tmp_path, monkeypatch):
    _, config = put()
    first = load(config)
    read = binarized_mnist.read_amat
    monkeypatch.setattr(binarized_mnist, "read_amat", None)
    assert load(config).fingerprint == first.fingerprint
    monkeypatch.setattr(binarized_mnist, "read_amat", read)
    path = tmp_path / "raw" / "binarized_mnist" / "binarized_mnist_test.amat"
    content = path.read_bytes()
    path.write_bytes((b"1" if content[:1] == b"0" else b"0") + content[1:])
    assert load(config).fingerprint != first.fingerprint


def test_a_damaged_file_is_named_and_nothing_is_written(put, tmp_path):
    _, config = put()
    path = tmp_path / "raw" / "binarized_mnist" / "binarized_mnist_valid.amat"
    path.write_bytes(path.read_bytes()[:-1568])
    with pytest.raises(UserError, match=r"binarized_mnist_valid\.amat: found 5 rows; needs 6; put the published"):
        load(config)
    assert not (tmp_path / "kept").exists()


def test_a_missing_file_is_downloaded_and_kept(put, tmp_path, monkeypatch, serve):
    digits, config = put()
    path = tmp_path / "raw" / "binarized_mnist" / "binarized_mnist_valid.amat"
    content = path.read_bytes()
    path.unlink()
    monkeypatch.setitem(SHA256, "valid", hashlib.sha256(content).hexdigest())
    with serve({path.name: content}) as (address, asked):
        monkeypatch.setattr(binarized_mnist, "ADDRESS", address)
        assert len(load(config).train) == len(digits["train"]) + len(digits["valid"])
    assert asked == [path.name]
    assert (tmp_path / "kept" / "downloads" / "binarized_mnist" / path.name).read_bytes() == content
    assert not path.exists()


def test_without_a_file_and_network_the_error_says_what_to_put_where(put, tmp_path, monkeypatch, nobody):
    _, config = put()
    monkeypatch.setattr(binarized_mnist, "ADDRESS", nobody)
    (tmp_path / "raw" / "binarized_mnist" / "binarized_mnist_test.amat").unlink()
    with pytest.raises(UserError) as error:
        load(config)
    message = str(error.value)
    assert message.startswith(
        f"{tmp_path / 'raw/binarized_mnist/binarized_mnist_test.amat'}: no such file, and it can't"
    )
    assert all(f"binarized_mnist_{split}.amat" in message for split in ROWS)
    assert "config.data.raw_dir or VAE_JAX_RAW" in message
    assert "\n" not in message


def test_a_given_raw_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: no such folder; needs the \.amat files of binarized_mnist"):
        load(DataConfig(name="binarized_mnist", raw_dir=str(tmp_path / "nowhere")))


def test_the_real_files_are_the_published_ones(real_folder):
    for split, checksum in SHA256.items():
        path = real_folder("binarized_mnist") / f"binarized_mnist_{split}.amat.gz"
        with gzip.open(path) as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == checksum


@pytest.mark.slow
def test_the_real_images_are_read(real_folder, tmp_path):
    """White is the ink, an eighth of the pixels; no image is in two splits."""
    raw = real_folder("binarized_mnist").parent
    dataset = load(
        DataConfig(name="binarized_mnist", raw_dir=str(raw), prepared_dir=str(tmp_path), validation_fraction=1 / 6)
    )
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (50_000, 10_000, 10_000)
    images = [split.images for split in (dataset.train, dataset.validation, dataset.test)]
    for split in images:
        assert split[:, 0].mean() < 1
        assert 0.12 < (split > 0).mean() < 0.14
    packed = [{each.tobytes() for each in np.packbits(split.reshape(len(split), -1) > 0, axis=1)} for split in images]
    assert len(set.union(*packed)) == 70_000
