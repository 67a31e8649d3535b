"""Alignment: the landmarks fall on the template, whatever the scale, rotation and position in the picture."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.faces.alignment import TEMPLATE, align_face, cut_square, landmark_fault

SIZE = 50
SIDE = 160
FACE = np.array([[60.0, 50.0], [100.0, 52.0], [79.0, 75.0]])


def marked(points, spread):
    """A grey picture for each point, with a bright spot there."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    squared = (x - points[:, 0, None, None]) ** 2 + (y - points[:, 1, None, None]) ** 2
    return (60 + np.round(180 * np.exp(-squared / (2 * spread**2)))).astype(np.uint8)


def spot(face):
    """Return the bright spot of a face: x, y as fractions of the picture."""
    weight = np.clip(face.astype(float) - 70, 0, None)
    places = (np.arange(SIZE) + 0.5) / SIZE
    return np.array([(weight.sum(axis=0) * places).sum(), (weight.sum(axis=1) * places).sum()]) / weight.sum()


def found_spots(points):
    """Align three pictures by the same landmarks and find in each the spot of one of them."""
    spread = max(1.5, np.linalg.norm(points[1] - points[0]) / 14)
    return np.array([spot(align_face(picture[..., None], points, SIZE)[..., 0]) for picture in marked(points, spread)])


def placed(apart, angle, x, y):
    """The template's landmarks, scaled to eyes `apart` pixels apart, rotated and shifted."""
    shape = np.array(TEMPLATE)
    shape = (shape - shape.mean(axis=0)) * apart / (shape[1, 0] - shape[0, 0])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return shape @ turn + [x, y]


MIDDLE = st.floats(0.4 * SIDE, 0.6 * SIDE)


@given(st.floats(12, 50), st.floats(-math.pi, math.pi), MIDDLE, MIDDLE)
def test_eyes_and_nose_fall_on_the_template_under_any_similarity(apart, angle, x, y):
    found = found_spots(placed(apart, angle, x, y))
    np.testing.assert_allclose(found * SIZE, np.array(TEMPLATE) * SIZE, atol=0.5)


@given(st.floats(20, 50), st.floats(-math.pi, math.pi), MIDDLE, MIDDLE, st.floats(-0.2, 0.2), st.floats(-0.15, 0.2))
def test_other_proportions_are_fitted_in_least_squares(apart, angle, x, y, aside, below):
    """The best similarity by least squares, in complex numbers: q = a p + b."""
    points = placed(apart, angle, x, y)
    across = points[1] - points[0]
    points[2] += aside * across + below * np.array([-across[1], across[0]])
    p, q = points @ [1, 1j], np.array(TEMPLATE) @ [1, 1j]
    (a, b), *_ = np.linalg.lstsq(np.stack([p, np.ones(3)], axis=1), q, rcond=None)
    best = a * p + b
    np.testing.assert_allclose(found_spots(points) * SIZE, np.stack([best.real, best.imag], axis=1) * SIZE, atol=0.5)


def test_beyond_the_border_the_picture_is_mirrored_not_black():
    at_the_corner = FACE - FACE.min(axis=0) + 1
    assert not landmark_fault(at_the_corner, SIDE, SIDE)
    assert (align_face(np.full((SIDE, SIDE, 1), 200, np.uint8), at_the_corner, SIZE) == 200).all()


def test_a_mirrored_border_goes_on_as_the_picture_does():
    """The left eye at the left border of a ramp: left of it the tones rise again."""
    ramp = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))[..., None]
    row = align_face(ramp, np.array(TEMPLATE) * 80 - [22, -20], 80)[40, :, 0].astype(int)
    np.testing.assert_allclose(row[:18], np.arange(21, 3, -1), atol=2)
    np.testing.assert_allclose(row[26:], np.arange(4, 58), atol=2)


def test_colour_channels_are_kept_apart():
    colours = np.zeros((SIDE, SIDE, 3), np.uint8) + np.array([10, 100, 200], np.uint8)
    assert (align_face(colours, FACE, SIZE) == [10, 100, 200]).all()
    assert (cut_square(colours, SIZE) == [10, 100, 200]).all()


def test_another_template_moves_the_face():
    moved = tuple((x + 0.1, y + 0.05) for x, y in TEMPLATE)
    (picture,) = marked(FACE[2:], 2)
    before, after = (spot(align_face(picture[..., None], FACE, SIZE, t)[..., 0]) for t in (TEMPLATE, moved))
    np.testing.assert_allclose(after - before, [0.1, 0.05], atol=0.01)


def test_detail_finer_than_a_pixel_is_averaged():
    stripes = np.tile(np.array([0, 255], np.uint8), (4 * SIDE, 2 * SIDE))[..., None]
    face = align_face(stripes, 4 * FACE, 20)
    assert np.abs(face.astype(int) - 127).max() < 10


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        (FACE, ""),
        (FACE @ [[0, 1], [-1, 0]] + [150, 0], ""),
        ([FACE[0], [np.nan, 52], FACE[2]], "landmarks missing"),
        ([FACE[0], [np.inf, 52], FACE[2]], "landmarks missing"),
        ([[-0.1, 50], FACE[1], FACE[2]], "landmarks outside the picture"),
        ([FACE[0], [SIDE + 0.1, 50], FACE[2]], "landmarks outside the picture"),
        ([FACE[0], FACE[1], [80, 121]], "landmarks outside the picture"),
        ([FACE[0], FACE[0], FACE[2]], "eyes less than 4 pixels apart"),
        ([FACE[0], FACE[0] + [3.9, 0], FACE[2]], "eyes less than 4 pixels apart"),
        ([FACE[1], FACE[0], FACE[2]], "nose not below the eyes, or left and right eye swapped"),
        ([FACE[0], FACE[1], [80, 20]], "nose not below the eyes, or left and right eye swapped"),
        ([FACE[0], FACE[1], (FACE[0] + FACE[1]) / 2], "nose not below the eyes, or left and right eye swapped"),
    ],
)
def test_landmarks_that_can_not_be_used_have_a_reason(points, fault):
    assert landmark_fault(np.asarray(points, float), 120, SIDE) == fault


@given(st.lists(st.floats(0, 64), min_size=6, max_size=6))
def test_any_landmarks_without_a_fault_give_a_face(values):
    points = np.array(values).reshape(3, 2)
    assume(not landmark_fault(points, 64, 64))
    face = align_face(np.full((64, 64, 1), 90, np.uint8), points, 12)
    assert face.shape == (12, 12, 1)
    assert (face == 90).all()


def test_unusable_landmarks_are_refused():
    with pytest.raises(UnusablePictureError, match="landmarks outside the picture"):
        align_face(np.zeros((SIDE, SIDE, 1), np.uint8), FACE + SIDE, SIZE)


def test_a_square_is_averaged_down():
    picture = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)
    means = picture.reshape(4, 3, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(cut_square(picture[..., None], 4)[..., 0], means, atol=1)


@pytest.mark.parametrize("shape", [(4, 10), (10, 4)])
def test_the_central_square_is_cut(shape):
    picture = np.zeros(shape, np.uint8)
    picture[(shape[0] - 4) // 2 :, (shape[1] - 4) // 2 :][:4, :4] = 200
    assert (cut_square(picture[..., None], 4) == 200).all()


def test_a_square_can_be_enlarged():
    ramp = np.tile(np.arange(0, 80, 10, dtype=np.uint8), (8, 1))
    larger = cut_square(ramp[..., None], 32)[..., 0].astype(int)
    assert larger.shape == (32, 32)
    assert (np.diff(larger, axis=1) >= 0).all()
    assert (np.diff(larger, axis=0) == 0).all()
