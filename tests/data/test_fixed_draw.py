"""The fixed binarisation: one draw of each image, whatever its place."""

import dataclasses

import numpy as np
from small_runs import small_dataset

from vae_jax.config.schema import DataConfig
from vae_jax.data.dataset import Split
from vae_jax.data.fixed_draw import draw_once, with_fixed_draw
from vae_jax.data.sources.registry import load

DIGITS = DataConfig(name="digits")
FIXED = dataclasses.replace(DIGITS, binarise="fixed")


def test_a_pixel_is_white_with_its_grey_value_as_probability():
    """Over 4,000 images, which their first pixels tell apart; five standard errors."""
    values = np.array([0, 1, 64, 128, 254, 255], np.uint8)
    images = np.broadcast_to(values[:, None], (4000, 6, 20))[..., None].copy()
    images[:, 0, :2, 0] = np.stack([np.arange(4000) // 256, np.arange(4000) % 256], 1)
    drawn = draw_once(images)
    assert set(np.unique(drawn)) == {0, 255}
    p = values / 255
    shares = drawn[:, :, 2:].mean((0, 2, 3)) / 255
    assert np.all(np.abs(shares - p) <= 5 * np.sqrt(p * (1 - p) / (4000 * 18)))
    per_pixel = drawn[:, 2:5, 2:].mean(0)[..., 0] / 255  # no pixel depends on its place
    assert np.all(np.abs(per_pixel - p[2:5, None]) <= 5 * np.sqrt(p * (1 - p) / 4000)[2:5, None])
    right, left = drawn[:, 3, 2:, 0] / 255, drawn[:, 3, 1:-1, 0] / 255
    assert abs(np.corrcoef(right[:, 1:].ravel(), left[:, 1:].ravel())[0, 1]) < 0.02


def test_the_draw_of_an_image_depends_on_nothing_else(monkeypatch):
    images = small_dataset().train.images
    drawn = draw_once(images)
    order = np.random.default_rng(0).permutation(len(images))
    np.testing.assert_array_equal(draw_once(images[order]), drawn[order])
    monkeypatch.setattr("vae_jax.data.fixed_draw.AT_ONCE", 7)
    np.testing.assert_array_equal(draw_once(images), drawn)
    np.testing.assert_array_equal(draw_once(drawn), drawn)
    assert draw_once(images[:0]).shape == (0, 6, 6, 1)


def test_the_draw_never_changes():
    """Runs of other versions would be on other images."""
    (image,) = draw_once(np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1) * 4)
    assert np.packbits(image).tobytes().hex() == "0031301a5fdffbff"


def test_all_splits_are_binarised_and_the_rest_stays():
    grey = dataclasses.replace(small_dataset(), validation=Split(small_dataset(7).test.images, np.zeros(2, np.int32)))
    binary = with_fixed_draw(grey)
    assert binary.is_binary
    assert not grey.is_binary
    for split, whole in ((binary.validation, grey.validation), (binary.test, grey.test)):
        np.testing.assert_array_equal(split.images, draw_once(whole.images))
        np.testing.assert_array_equal(split.labels, whole.labels)
    assert binary.source == "made by the tests; each image binarised by one fixed draw"


def test_a_data_set_with_it_has_the_images_and_splits_of_the_grey_one():
    grey, binary = (load(dataclasses.replace(each, validation_fraction=0.2)) for each in (DIGITS, FIXED))
    assert binary.is_binary
    np.testing.assert_array_equal(binary.train.images, draw_once(grey.train.images))
    np.testing.assert_array_equal(binary.validation.images, draw_once(grey.validation.images))
    np.testing.assert_array_equal(binary.test.images, draw_once(grey.test.images))


def test_members_with_it_have_a_data_set_of_their_own():
    assert FIXED.images != DIGITS.images
    assert dataclasses.replace(DIGITS, binarise="drawn").images == DIGITS.images
