"""MNIST and Fashion-MNIST: idx files found under any of their names or downloaded, prepared once by TFDS."""

import dataclasses
import gzip
import hashlib
import shutil
import time

import numpy as np
import pytest

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.formats.idx import read_idx
from vae_jax.data.sources import mnist
from vae_jax.data.sources.mnist import FASHION, MNIST, STEMS, load, load_fashion, load_published

IMAGES, LABELS = STEMS["train"]


@pytest.fixture
def arrays():
    """Noise with labels, under the names of the published files."""
    noise = np.random.default_rng(0)
    made = {}
    for n, (images, labels) in zip((30, 12), STEMS.values(), strict=True):
        made[images] = noise.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        made[labels] = (np.arange(n) % 10).astype(np.uint8)
    return made


@pytest.fixture
def put(tmp_path, idx_bytes):
    """Put arrays into a raw folder and return the config that reads it."""

    def write(arrays, name="mnist", rename=str, pack=bytes):
        folder = tmp_path / "raw" / name
        for stem, array in arrays.items():
            path = folder / rename(stem)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pack(idx_bytes(array)))
        return DataConfig(name=name, raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "prepared"))

    return write


def assert_holds(dataset, arrays):
    for split, (images, labels) in STEMS.items():
        np.testing.assert_array_equal(getattr(dataset, split).images, arrays[images][..., None])
        np.testing.assert_array_equal(getattr(dataset, split).labels, arrays[labels])


@pytest.mark.parametrize(
    ("rename", "pack"),
    [
        (lambda stem: f"{stem}.gz", gzip.compress),
        (lambda stem: stem, bytes),
        (lambda stem: stem.replace("-idx", ".idx"), bytes),
        (lambda stem: stem.replace("-idx", ".idx") + ".gz", gzip.compress),
    ],
    ids=["published", "unpacked", "dotted", "dotted and packed"],
)
def test_the_files_are_found_under_any_of_their_usual_names(arrays, put, rename, pack):
    dataset = load(put(arrays, rename=rename, pack=pack))
    assert_holds(dataset, arrays)
    assert dataset.class_names == tuple("0123456789")
    assert (dataset.name, dataset.notice) == ("mnist", "")


def test_fashion_mnist_has_a_folder_and_classes_of_its_own(arrays, put):
    dataset = load_fashion(put(arrays, "fashion_mnist"))
    assert_holds(dataset, arrays)
    assert dataset.class_names[9] == "ankle boot"
    assert len(dataset.class_names) == 10
    assert str(dataset.source).endswith("fashion_mnist")


def test_the_files_are_prepared_once(arrays, put, monkeypatch):
    config = put(arrays)
    load(config)
    monkeypatch.setattr(mnist, "_prepare", None)
    assert_holds(load(config), arrays)


def test_other_files_are_prepared_anew(arrays, put):
    load(put(arrays))
    arrays[IMAGES] = 255 - arrays[IMAGES]
    assert_holds(load(put(arrays)), arrays)


@pytest.mark.parametrize(
    ("stem", "change", "message"),
    [
        (
            LABELS,
            lambda labels: labels[:-1],
            "found 29 labels up to 9 for 30 images; needs one label below 10 for each",
        ),
        (LABELS, lambda labels: labels + 1, "found 30 labels up to 10 for 30 images"),
        (LABELS, lambda labels: labels[:0], "found nothing in it"),
        (LABELS, lambda labels: labels[:, None], "found 00000802 at its start; needs an idx file of 1 dim"),
        (IMAGES, lambda images: images[:, :27], "found images of shape (27, 28); needs (28, 28)"),
        (IMAGES, lambda images: images[:, 0], "found 00000802 at its start; needs an idx file of 3 dimensions"),
        (IMAGES, lambda images: images[:0], "found nothing in it"),
    ],
)
def test_files_that_do_not_fit_are_errors_before_tfds_writes(arrays, put, tmp_path, stem, change, message):
    arrays[stem] = change(arrays[stem])
    with pytest.raises(UserError) as error:
        load(put(arrays))
    assert f"{tmp_path / 'raw' / 'mnist' / stem}: {message}" in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "prepared").exists()


def test_a_damaged_file_is_named_with_what_to_do(arrays, put, tmp_path):
    config = put(arrays, rename=lambda stem: f"{stem}.gz", pack=lambda content: gzip.compress(content)[:-9])
    with pytest.raises(UserError, match=rf"{IMAGES}\.gz: can't be read .*; put the published file there again"):
        load(config)
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize("harm", [lambda whole: whole[: len(whole) // 2], lambda whole: b""])
def test_a_damaged_tfds_folder_is_named_and_a_removed_one_made_again(arrays, put, tmp_path, harm):
    config = put(arrays)
    load(config)
    kept = next((tmp_path / "prepared").glob("mnist-*.npz"))
    kept.unlink()
    for record in (tmp_path / "prepared" / "tfds").rglob("*.array_record*"):
        record.write_bytes(harm(record.read_bytes()))
    with pytest.raises(UserError, match=r"prepared/tfds/\w+: can't be used .*; remove it") as error:
        load(config)
    assert "\n" not in str(error.value)
    shutil.rmtree(tmp_path / "prepared" / "tfds")
    assert_holds(load(config), arrays)


def test_a_folder_that_can_not_be_written_is_named(arrays, put, tmp_path):
    (tmp_path / "taken").write_text("a file")
    config = dataclasses.replace(put(arrays), prepared_dir=str(tmp_path / "taken"))
    with pytest.raises(UserError, match=r"taken/tfds/.*change config\.data\.prepared_dir$") as error:
        load(config)
    assert "\n" not in str(error.value)


def test_without_files_and_network_the_error_comes_within_seconds(arrays, put, tmp_path, nobody):
    del arrays[LABELS]
    config, published = put(arrays), dataclasses.replace(MNIST, addresses=(nobody, nobody))
    start = time.monotonic()
    with pytest.raises(UserError) as error:
        load_published(published, config)
    assert time.monotonic() - start < 5
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'raw' / 'mnist' / LABELS}.gz: no such file, and it can't be downloaded")
    assert all(f"{stem}.gz" in message for stems in STEMS.values() for stem in stems)
    assert "config.data.raw_dir or VAE_JAX_RAW" in message
    assert "\n" not in message


def test_missing_files_are_downloaded_and_kept(arrays, put, tmp_path, idx_bytes, serve):
    files = {f"{stem}.gz": gzip.compress(idx_bytes(array)) for stem, array in arrays.items()}
    sums = {stem: hashlib.md5(files[f"{stem}.gz"]).hexdigest() for stem in arrays}
    config = put({LABELS: arrays[LABELS]})
    with serve(files) as (address, asked):
        published = dataclasses.replace(MNIST, addresses=(address,), md5=sums)
        assert_holds(load_published(published, config), arrays)
        assert sorted(asked) == sorted(f"{stem}.gz" for stem in arrays if stem != LABELS)
        assert_holds(load_published(published, config), arrays)
        assert len(asked) == 3
    downloads = tmp_path / "prepared" / "downloads" / "mnist"
    assert (downloads / f"{IMAGES}.gz").read_bytes() == files[f"{IMAGES}.gz"]
    assert [path.name for path in (tmp_path / "raw" / "mnist").iterdir()] == [LABELS]


PLACES = {
    "by name": "mnist",
    "straight in it": ".",
    "torchvision's root": "MNIST/raw",
    "torchvision's set": "raw",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_files_are_found_in_all_usual_folders(arrays, tmp_path, idx_bytes, place):
    folder = tmp_path / "raw" / place
    folder.mkdir(parents=True)
    for stem, array in arrays.items():
        (folder / stem).write_bytes(idx_bytes(array))
    before = sorted((tmp_path / "raw").rglob("*"))
    dataset = load(DataConfig(name="mnist", raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "prepared")))
    assert_holds(dataset, arrays)
    assert dataset.source == f"idx files in {folder}"
    assert sorted((tmp_path / "raw").rglob("*")) == before


def test_fashion_mnist_is_found_as_torchvision_lays_it_out(arrays, put):
    assert_holds(load_fashion(put(arrays, "FashionMNIST/raw")), arrays)


def test_files_may_lie_in_folders_of_their_own_names(arrays, put):
    assert_holds(load(put(arrays, rename=lambda stem: f"{stem}/{stem}")), arrays)


@pytest.mark.parametrize(
    ("published", "other", "pack"),
    [(MNIST, FASHION, bytes), (FASHION, MNIST, gzip.compress)],
    ids=["fashion's unpacked", "mnist's packed"],
)
def test_the_files_of_another_set_straight_in_the_folder_are_not_taken_for_the_one_asked_for(
    arrays, tmp_path, idx_bytes, nobody, published, other, pack
):
    """They have the same names; their labels tell them apart."""
    (tmp_path / "raw").mkdir()
    arrays[STEMS["test"][1]] = np.array(other.first_labels, np.uint8)
    arrays[STEMS["test"][0]] = np.zeros((len(other.first_labels), 28, 28), np.uint8)
    for stem, array in arrays.items():
        (tmp_path / "raw" / stem).write_bytes(pack(idx_bytes(array)))
    config = DataConfig(raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "prepared"))
    with pytest.raises(UserError, match=rf"raw/{published.name}/.*: no such file"):
        load_published(dataclasses.replace(published, addresses=(nobody,)), config)
    assert_holds(load_published(other, config), arrays)


def test_a_failed_download_leaves_no_files(tmp_path, nobody):
    (tmp_path / "raw").mkdir()
    config = DataConfig(name="mnist", raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "prepared"))
    with pytest.raises(UserError, match="can't be downloaded"):
        load_published(dataclasses.replace(MNIST, addresses=(nobody,)), config)
    assert [path.name for path in tmp_path.rglob("*")] == ["raw"]


def test_a_given_raw_folder_that_does_not_exist_is_an_error(tmp_path):
    config = DataConfig(name="mnist", raw_dir=str(tmp_path / "nowhere"), prepared_dir=str(tmp_path / "prepared"))
    with pytest.raises(UserError, match=r"nowhere: no such folder; needs the idx files of mnist, or leave"):
        load(config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("published", [MNIST, FASHION])
def test_every_file_has_a_published_checksum_and_every_address_a_folder(published):
    assert set(published.md5) == {stem for stems in STEMS.values() for stem in stems}
    assert all(len(bytes.fromhex(checksum)) == 16 for checksum in published.md5.values())
    assert len(set(published.md5.values())) == 4
    assert all(address.endswith("/") for address in published.addresses)


def test_the_checksums_are_those_of_the_real_mnist(real_folder):
    folder = real_folder("mnist")
    for stem, checksum in MNIST.md5.items():
        assert hashlib.md5((folder / f"{stem}.gz").read_bytes()).hexdigest() == checksum, stem


def test_the_first_images_of_the_real_mnist_are_read(real_folder, put):
    folder = real_folder("mnist")
    arrays = {}
    for stems in STEMS.values():
        for stem, dimensions in zip(stems, (3, 1), strict=True):
            arrays[stem] = read_idx(folder / f"{stem}.gz", dimensions)[:500]
    dataset = load(put(arrays))
    assert_holds(dataset, arrays)
    assert_are_digits(dataset, least=0.06)


@pytest.mark.release
def test_the_real_mnist_is_read(real_folder, tmp_path):
    raw = real_folder("mnist").parent
    dataset = load(DataConfig(name="mnist", raw_dir=str(raw), prepared_dir=str(tmp_path)))
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    assert dataset.image_shape == (28, 28, 1)
    assert_are_digits(dataset, least=0.08)


def assert_are_digits(dataset, least):
    """Ten classes of about the same size, dark at the border and bright in the middle."""
    for split in (dataset.train, dataset.test):
        shares = np.bincount(split.labels) / len(split)
        assert len(shares) == 10
        assert shares.min() > least
        border, middle = split.images[:, 0].mean(), split.images[:, 10:18, 10:18].mean()
        assert middle > 50 > 5 > border
