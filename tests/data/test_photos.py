"""photos: any folder of pictures, taken as they are."""

import os

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from PIL import Image

from vae_jax.config import DataConfig
from vae_jax.data.photos import load
from vae_jax.errors import UserError


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


def test_what_is_prepared_below_the_raw_folder_is_not_taken_for_pictures(tmp_path, monkeypatch):
    """Else the contact sheet would be one more the second time, and all prepared anew."""
    for k in range(4):
        draw_photograph(tmp_path / "raw" / f"{k}.jpg", k)
    settings = config(tmp_path / "raw", prepared_dir=str(tmp_path / "raw" / "kept"))
    before = load(settings)
    monkeypatch.setattr("vae_jax.data.photographs.preparation.make_face", None)
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


def test_a_class_with_a_single_picture_is_named(tmp_path):
    for name in ("cats/0.jpg", "cats/1.jpg", "owls/2.jpg"):
        draw_photograph(tmp_path / name, int(name[5]))
    assert refused(config(tmp_path)) == f"{tmp_path}: found no two different pictures of owls; a split needs them"
