"""photos: any folder of pictures."""

import logging
import os

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from PIL import Image

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.sources.photos import load


def config(raw, **changes):
    return DataConfig(**({"name": "photos", "raw_dir": str(raw), "prepared_dir": "kept", "image_size": 16} | changes))


def refused(settings):
    with pytest.raises(UserError) as error:
        load(settings)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_subfolders_are_the_classes_and_colours_are_kept_where_wanted(tmp_path):
    for k in range(6):
        for name, tone in (("cats", (200, 10 * k, 20)), ("<owls>", (20, 10 * k, 200))):
            (tmp_path / "raw" / name).mkdir(parents=True, exist_ok=True)
            picture = Image.new("RGB", (20, 30), tone)
            picture.paste((0, 255, 0), (0, 9 + 2 * k, 20, 30))
            picture.save(tmp_path / "raw" / name / f"{k}.png")
    dataset = load(config(tmp_path / "raw", colour=True, image_size=16))
    assert dataset.image_shape == (16, 16, 3)
    assert dataset.class_names == ("<owls>", "cats")
    assert dataset.template is None
    for split in (dataset.train, dataset.test):
        red = split.images[:, 0, 0, 0] > split.images[:, 0, 0, 2]
        np.testing.assert_array_equal(red, split.labels == 1)


def test_pictures_of_one_folder_are_one_class_whatever_its_name(tmp_path):
    raw = tmp_path / os.fsdecode(b"a\xff")
    for k in range(4):
        draw_photograph(raw / f"{k}.jpg", k)
    assert load(config(raw)).class_names == ("a\\udcff",)


def test_a_prepared_folder_below_the_raw_folder_is_left_out(tmp_path, monkeypatch):
    """Otherwise the contact sheet would be a new picture, and all would be prepared again."""
    for k in range(4):
        draw_photograph(tmp_path / "raw" / f"{k}.jpg", k)
    settings = config(tmp_path / "raw", prepared_dir=str(tmp_path / "raw" / "kept"))
    before = load(settings)
    monkeypatch.setattr("vae_jax.data.faces.photographs.preparation.make_face", None)
    assert load(settings).fingerprint == before.fingerprint


def test_the_folder_must_be_named(tmp_path):
    assert refused(config("")).startswith("config.data.raw_dir: missing; needs a folder of pictures")
    assert refused(config(tmp_path / "no")) == (
        f"config.data.raw_dir: found no folder '{tmp_path}/no'; needs one of pictures"
    )


def test_a_folder_without_usable_pictures_is_named(tmp_path):
    assert refused(config(tmp_path)).startswith(f"{tmp_path}: found no pictures, here or in folders below")
    (tmp_path / "text.jpg").write_text("Not Found")
    assert refused(config(tmp_path)) == (
        f"{tmp_path}: found no usable pictures (1 files skipped: 1 not a picture (text.jpg))"
    )


def test_a_class_with_a_single_picture_is_trained_on_and_source_says_so(tmp_path):
    for name in ("cats/0.jpg", "cats/1.jpg", "owls/2.jpg"):
        draw_photograph(tmp_path / name, int(name[5]))
    dataset = load(config(tmp_path))
    assert (sorted(dataset.train.labels), dataset.test.labels.tolist()) == ([0, 1], [0])
    assert dataset.source.endswith("trained on, not tested on: 1 class without two different pictures (owls)")


def test_people_in_a_folder_each_are_classes_though_most_have_one_picture(tmp_path):
    """The layout of Labeled Faces in the Wild."""
    for person in range(20):
        for k in range(1 + 4 * (person % 5 == 0)):
            draw_photograph(tmp_path / f"P_{person:02d}" / f"P_{person:02d}_{k + 1:04d}.jpg", 10 * person + k)
    dataset = load(config(tmp_path))
    assert len(dataset.class_names) == 20
    assert np.bincount(dataset.test.labels, minlength=20).tolist() == [1, 0, 0, 0, 0] * 4
    assert dataset.source.startswith(f"photographs in {tmp_path}: 5 P_00 (pictures) and 5 P_05 (pictures) and ")
    assert "and 10 of 10 other classes" in dataset.source
    assert dataset.source.endswith(
        "trained on, not tested on: 16 classes without two different pictures (P_01, P_02, P_03, …)"
    )


def test_without_a_class_of_two_different_pictures_there_is_an_error(tmp_path):
    for k in range(5):
        draw_photograph(tmp_path / f"{k}" / "a.jpg", k)
    assert refused(config(tmp_path)) == (
        f"{tmp_path}: found no two different pictures of one class (1 of 0, 1 of 1, 1 of 2, …); a split needs them "
        "(folders are classes, near-identical pictures count as one)"
    )


def test_a_burst_too_large_to_be_held_out_is_in_source(tmp_path):
    for k in range(9):
        draw_photograph(tmp_path / f"{k}.jpg", k)
    for k in range(20):
        (tmp_path / f"burst {k}.jpg").write_bytes((tmp_path / "0.jpg").read_bytes())
    dataset = load(config(tmp_path))
    assert (len(dataset.train), len(dataset.test)) == (26, 3)
    assert dataset.source.endswith(
        "too large to be held out, so only trained on: 1 group of 21 near-identical pictures"
    )


def test_train_and_test_folders_are_splits_and_the_folders_in_them_classes(tmp_path, caplog):
    for k in range(8):
        draw_photograph(tmp_path / "raw" / ("train" if k < 5 else "test") / ("cats", "owls")[k % 2] / f"{k}.jpg", k)
    (tmp_path / "raw" / "test" / "cats" / "again.jpg").write_bytes((tmp_path / "raw/train/cats/0.jpg").read_bytes())
    with caplog.at_level(logging.INFO, "vae_jax"):
        dataset = load(config(tmp_path / "raw"))
    assert dataset.class_names == ("cats", "owls")
    assert (len(dataset.train), len(dataset.test)) == (6, 3)
    assert "folders are splits: 5 training and 4 test files" in caplog.text
    assert "1 pictures of the test folder are copies of training pictures" in caplog.text
    assert load(config(tmp_path / "raw", layout="classes")).class_names == ("test", "train")


def test_files_are_read_by_content_and_all_others_are_named(tmp_path, caplog):
    for k, kind in enumerate(("JPEG", "TGA", "DIB", "PPM", "WEBP", "JPEG2000")):
        draw_photograph(tmp_path / "raw" / "drawn", k)
        with Image.open(tmp_path / "raw" / "drawn") as picture:
            picture.load()
        picture.save(tmp_path / "raw" / ("x", "x.tga", "x.dib", "x.txt", "x.webp", "x.jp2")[k], kind)
    (tmp_path / "raw" / "drawn").unlink()
    for name in ("notes.md", "film.mp4", ".hidden.jpg", "Thumbs.db"):
        (tmp_path / "raw" / name).write_bytes(b"no picture")
    with caplog.at_level(logging.INFO, "vae_jax"):
        dataset = load(config(tmp_path / "raw"))
    assert len(dataset.train) + len(dataset.test) == 6
    assert "skipped 2 not a picture (film.mp4, notes.md); every file is named in" in caplog.text
