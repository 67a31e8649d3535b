"""Sheets of images for notebooks."""

import numpy as np
import pytest

import vae_jax


def grey(n, size=8):
    return np.arange(n, dtype=np.uint8)[:, None, None, None].repeat(size, 1).repeat(size, 2)


def test_a_sheet_has_rows_of_columns_with_two_white_pixels_between():
    picture = vae_jax.sheet(grey(5, size=240), columns=3)  # large enough not to be enlarged
    assert picture.size == (3 * 240 + 2 * 2, 2 * 240 + 2)
    pixels = np.asarray(picture)
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[0, 240:242].min() == 255
    assert pixels[-1, 242].tolist() == [4, 4, 4]
    assert pixels[-1, -1].tolist() == [255, 255, 255]


def test_small_images_are_enlarged_without_being_blurred():
    picture = vae_jax.sheet(grey(12))
    assert 600 < picture.width < 800
    assert set(np.unique(np.asarray(picture))) == {*range(12), 255}


def test_a_strip_is_one_row():
    assert vae_jax.strip(grey(25, 50)).size == (25 * 50 + 24 * 2, 50)


def test_colours_stay():
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 200
    assert np.asarray(vae_jax.sheet(red)).reshape(-1, 3).max(axis=0).tolist() == [200, 0, 0]


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (grey(1)[0], r"uint8 \(8, 8, 1\)"),
        (grey(2).astype(float), r"float64 \(2, 8, 8, 1\)"),
        (grey(0), r"uint8 \(0, 8, 8, 1\)"),
        (grey(2).repeat(2, 3), r"uint8 \(2, 8, 8, 2\)"),
    ],
)
def test_arrays_that_are_not_images_are_refused(images, found):
    for show in (vae_jax.sheet, vae_jax.strip):
        with pytest.raises(vae_jax.UserError, match=f"images: found {found}; needs uint8"):
            show(images)


def test_a_sheet_without_columns_is_refused():
    with pytest.raises(vae_jax.UserError, match="columns: found 0"):
        vae_jax.sheet(grey(2), columns=0)
