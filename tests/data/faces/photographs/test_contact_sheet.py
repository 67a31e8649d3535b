"""The contact sheet: photographs before and after."""

from pathlib import Path

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from matplotlib import get_data_path
from PIL import Image, ImageFont

from vae_jax.data.faces.photographs.contact_sheet import (
    CELL,
    COLUMNS,
    GAP,
    MOST_GROUPS,
    ROWS,
    _heading,
    draw_contact_sheet,
)
from vae_jax.data.faces.photographs.photo import Photo


def drawn(tmp_path, n, class_name="dogs"):
    for k in range(n):
        draw_photograph(tmp_path / f"{k}.jpg", k)
    return [Photo(tmp_path / f"{k}.jpg", class_name, "LFW", None) for k in range(n)]


def sheet(tmp_path, photos, images):
    draw_contact_sheet(photos, images.__getitem__, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_photograph_became_stands_below_it(tmp_path, channels):
    images = np.full((2, 8, 8, channels), 90, np.uint8)
    pixels = sheet(tmp_path, drawn(tmp_path, 2), images)
    top = GAP + 24
    for column in range(2):
        left = GAP + column * (CELL + GAP)
        before = pixels[top : top + CELL, left : left + CELL]
        after = pixels[top + CELL + GAP : top + 2 * CELL + GAP, left : left + CELL]
        assert np.ptp(before) > 20
        assert (after == 90).all()
    assert (pixels[top:, GAP + 2 * (CELL + GAP) :] == 255).all()


def test_of_many_photographs_a_few_from_all_over_are_drawn(tmp_path):
    images = np.arange(100, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(8, 1).repeat(8, 2)
    photos = drawn(tmp_path, 1) * 100
    pixels = sheet(tmp_path, photos, images)
    middles = pixels[GAP + 24 + CELL + GAP + CELL // 2 :: 2 * (CELL + GAP) + GAP, GAP + CELL // 2 :: CELL + GAP, 0]
    np.testing.assert_array_equal(middles.ravel(), [k * 100 // (ROWS * COLUMNS) for k in range(ROWS * COLUMNS)])


def test_the_sheet_of_a_hundred_classes_is_no_larger_than_that_of_some(tmp_path):
    (photo,) = drawn(tmp_path, 1)
    photos = [Photo(photo.path, f"class {k}", "pictures", None) for k in range(100)]
    images = np.zeros((100, 8, 8, 1), np.uint8)
    few = sheet(tmp_path, photos[:MOST_GROUPS], images).shape
    assert sheet(tmp_path, photos, images).shape == few


@pytest.mark.parametrize("name", ["Жש", "猫", "􏿾", "w" * 500, "猫" * 200])
def test_the_heading_fits_and_has_no_letter_that_the_font_lacks(name):
    font = ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 14)
    heading = _heading(name, ", 3 kept", font, 900)
    assert heading.endswith(", 3 kept")
    assert font.getlength(heading) <= 900
    assert heading == f"{name}, 3 kept" or heading.startswith(("\\u732b", "\\U0010fffe", "www"))


def test_a_photograph_that_is_gone_leaves_its_place_white(tmp_path):
    photos = drawn(tmp_path, 1)
    photos[0].path.unlink()
    pixels = sheet(tmp_path, photos, np.zeros((1, 8, 8, 1), np.uint8))
    assert (pixels[GAP + 24 : GAP + 24 + CELL] == 255).all()
    assert (pixels[GAP + 24 + CELL + GAP :][:CELL, GAP : GAP + CELL] == 0).all()


@pytest.mark.parametrize("name", ["<b>犬</b>", "a\u202eb", "x" * 500, "\0", ""])
def test_any_class_name_can_be_written(tmp_path, name):
    assert sheet(tmp_path, drawn(tmp_path, 1, name), np.zeros((1, 8, 8, 1), np.uint8)).ndim == 3
