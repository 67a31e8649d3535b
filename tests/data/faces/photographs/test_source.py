"""Data sets of photographs: prepared once, and damaged folders named."""

import logging
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from PIL import Image

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import content_hashes
from vae_jax.data.faces.photographs import preparation
from vae_jax.data.faces.photographs.duplicates import near_identical, thumbnail
from vae_jax.data.faces.photographs.outcomes import TABLE
from vae_jax.data.faces.photographs.photo import Photo
from vae_jax.data.faces.photographs.recipe import recipe_of
from vae_jax.data.faces.photographs.source import load_photos, prepared_folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A config, photographs, and the data set that was prepared from them."""
    folder = tmp_path_factory.mktemp("kept")
    for k in range(8):
        draw_photograph(folder / "raw" / f"{k}.jpg", k)
    photos = [Photo(folder / "raw" / f"{k}.jpg", "cats" if k % 2 else "owls", "pictures", None) for k in range(8)]
    photos.append(Photo(folder / "raw" / "gone.jpg", "owls", "pictures", None))
    config = DataConfig(
        name="photos", raw_dir=str(folder / "raw"), prepared_dir=str(folder / "prepared"), image_size=12
    )
    return config, photos, load_photos("photos", photos, recipe_of(config), config)


@pytest.fixture
def copied(kept, tmp_path):
    """A copy to be damaged: a function that loads it, and its folder."""
    config, photos, _ = kept
    shutil.copytree(config.prepared_dir, tmp_path / "prepared")
    config = replace(config, prepared_dir=str(tmp_path / "prepared"))
    folder = prepared_folder("photos", photos, recipe_of(config), config)
    return lambda: load_photos("photos", photos, recipe_of(config), config), folder


def test_source_says_what_was_kept(kept):
    config, _, dataset = kept
    assert (len(dataset.train) + len(dataset.test), dataset.image_shape) == (8, (12, 12, 1))
    assert dataset.class_names == ("cats", "owls")
    assert dataset.source == f"photographs in {config.raw_dir}: 4 cats (pictures) and 4 owls (pictures)"


def test_skipped_files_are_logged_with_the_path_of_the_table(copied, caplog):
    load, folder = copied
    with caplog.at_level(logging.WARNING, "vae_jax"):
        load()
    assert f"skipped 1 not a file (gone.jpg); every file is named in {folder / TABLE}" in caplog.text
    assert (folder / TABLE).is_file()


def test_the_second_time_only_arrays_are_read(copied, kept, monkeypatch):
    load, _ = copied
    monkeypatch.setattr(preparation, "make_face", None)
    monkeypatch.setattr("vae_jax.data.faces.photographs.source.read_splits", None)
    assert load().fingerprint == kept[2].fingerprint


def test_without_the_arrays_they_are_read_from_the_folder(copied, kept, monkeypatch):
    load, folder = copied
    folder.with_name(f"{folder.name}.npz").unlink()
    monkeypatch.setattr(preparation, "make_face", None)
    assert load().fingerprint == kept[2].fingerprint


def test_without_the_folder_it_is_prepared_again(copied, kept):
    load, folder = copied
    shutil.rmtree(folder)
    assert load().fingerprint == kept[2].fingerprint
    assert (folder / TABLE).is_file()


def records_cut(folder):
    (path,) = folder.rglob("*train*array_record*")
    path.write_bytes(path.read_bytes()[:-40])


def records_gone(folder):
    (path,) = folder.rglob("*test*array_record*")
    path.unlink()


def info_odd(folder):
    (path,) = folder.rglob("dataset_info.json")
    path.write_text("{}")


def info_gone(folder):
    (path,) = folder.rglob("dataset_info.json")
    path.unlink()


def table_gone(folder):
    (folder / TABLE).unlink()


def table_odd(folder):
    (folder / TABLE).write_bytes(b"\xff\0")


@pytest.mark.parametrize("damage", [records_cut, records_gone, info_odd, info_gone, table_gone, table_odd])
def test_a_damaged_folder_is_named_in_one_line_and_prepared_again_when_it_is_removed(copied, kept, damage):
    load, folder = copied
    folder.with_name(f"{folder.name}.npz").unlink()
    damage(folder)
    with pytest.raises(UserError) as error:
        load()
    assert str(error.value).startswith(f"{folder}: can't be used (")
    assert str(error.value).endswith("remove it, and it is prepared again")
    assert len(str(error.value).splitlines()) == 1
    shutil.rmtree(folder)
    assert load().fingerprint == kept[2].fingerprint


def test_a_raw_folder_of_odd_bytes_is_named_so_that_reports_can_hold_it(tmp_path):
    raw = tmp_path / os.fsdecode(b"\xff\n")
    for k in range(4):
        draw_photograph(raw / f"{k}.jpg", k)
    config = DataConfig(name="photos", raw_dir=str(raw), prepared_dir=str(tmp_path / "p"), image_size=8)
    photos = [Photo(raw / f"{k}.jpg", raw.name, "pictures", None) for k in range(4)]
    dataset = load_photos("photos", photos, recipe_of(config), config)
    dataset.source.encode("utf-8")
    assert len(dataset.source.splitlines()) == 1
    assert dataset.class_names == ("\\udcff",)


def test_near_identical_pictures_are_never_in_both_training_and_validation(tmp_path):
    """The prepared folder and the cache are the same with and without validation images."""
    raw = tmp_path / "raw"
    for k in range(20):
        draw_photograph(raw / f"{k}.jpg", k)
        with Image.open(raw / f"{k}.jpg") as picture:
            picture.save(raw / f"{k} again.jpg", quality=60)
    photos = [Photo(path, "cats", "pictures", None) for path in sorted(raw.iterdir())]
    config = DataConfig(name="photos", raw_dir=str(raw), prepared_dir=str(tmp_path / "p"), image_size=32)
    whole = load_photos("photos", photos, recipe_of(config), config)
    before = sorted((tmp_path / "p").iterdir())
    config = replace(config, validation_fraction=0.4, mirror=True)
    found = load_photos("photos", photos, recipe_of(config), config)
    assert sorted((tmp_path / "p").iterdir()) == before
    half = len(found.train) // 2
    learned, chosen_by = found.train.images[:half], found.validation.images
    np.testing.assert_array_equal(found.train.images[half:], learned[:, :, ::-1])
    assert found.sampling_indices.tolist() == list(range(2 * half))
    both = np.concatenate([learned, chosen_by])
    assert sorted(content_hashes(both)) == sorted(content_hashes(whole.train.images))
    groups = near_identical(np.array([thumbnail(image) for image in both]))
    assert len(set(groups)) < len(groups)
    assert not set(groups[:half]) & set(groups[half:])
    assert 0.2 < len(chosen_by) / len(whole.train) < 0.6
