"""Contrast: the same range of tones for faces of different light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from vae_jax.data.contrast import CONTRASTS, equalise, stretch

FACES = arrays(np.uint8, (9, 9, 1)) | arrays(np.uint8, (9, 9, 3))
RAMP = np.arange(100, dtype=np.uint8).reshape(10, 10, 1)


@pytest.mark.parametrize("name", list(CONTRASTS))
@given(face=FACES)
def test_any_face_keeps_its_shape_and_type(name, face):
    found = CONTRASTS[name](face)
    assert (found.shape, found.dtype) == (face.shape, np.uint8)


def test_none_leaves_the_tones_as_they_are():
    np.testing.assert_array_equal(CONTRASTS["none"](RAMP), RAMP)


def test_stretch_maps_the_1st_and_99th_percentile_to_black_and_white():
    found = stretch(RAMP // 2 + 60)
    assert (found.min(), found.max()) == (0, 255)
    np.testing.assert_array_equal(stretch(RAMP).ravel()[[0, 99]], [0, 255])
    assert np.abs(stretch(RAMP).ravel()[50] - 255 * (50 - 0.99) / 97.02) <= 0.5


@pytest.mark.parametrize("alter", [stretch, equalise])
def test_the_order_of_the_tones_is_preserved(alter):
    noise = np.random.default_rng(0).integers(40, 200, (16, 16, 1)).astype(np.uint8)
    order = np.argsort(noise, axis=None, kind="stable")
    assert (np.diff(alter(noise).ravel()[order].astype(int)) >= 0).all()


def test_stretching_removes_differences_of_light():
    bright = (RAMP * 2 + 30).astype(np.uint8)
    assert np.abs(stretch(RAMP).astype(int) - stretch(bright)).max() <= 1


def test_equalise_makes_all_tones_equally_frequent():
    dark = (255 * np.linspace(0, 1, 4096) ** 2).astype(np.uint8).reshape(64, 64, 1)
    counts = np.histogram(equalise(dark), 8, (0, 256))[0]
    assert np.histogram(dark, 8, (0, 256))[0].max() > 1400
    assert np.abs(counts - 4096 / 8).max() < 0.5 * 4096 / 8


def test_equalise_keeps_hues():
    face = np.random.default_rng(0).integers(20, 90, (16, 16, 1)) * np.array([1.0, 0.5, 0.5])
    found = equalise(face.astype(np.uint8)).astype(int)
    assert (found[..., 0] >= found[..., 1]).all()
    assert np.abs(found[..., 1] - found[..., 2]).max() <= 1
    assert found[..., 0].max() > 240


@pytest.mark.parametrize("alter", [stretch, equalise])
@pytest.mark.parametrize("tone", [0, 128, 255])
def test_a_face_of_one_tone_works(alter, tone):
    found = alter(np.full((8, 8, 1), tone, np.uint8))
    assert np.ptp(found) == 0
