"""Interpolation between two points of the latent space."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_jax.core.errors import UserError
from vae_jax.interpolation.paths import PATHS, linear, slerp

COORDINATE = st.floats(-100, 100, width=32)
ENDS = st.integers(1, 5).flatmap(lambda latent: arrays(np.float32, (2, latent), elements=COORDINATE))
STEPS = st.integers(2, 30)


@given(ENDS, STEPS)
def test_a_line_begins_and_ends_exactly_at_its_ends(ends, steps):
    points = linear(*ends, steps)
    assert points.shape == (steps, ends.shape[1])
    np.testing.assert_array_equal(points[[0, -1]], ends)


@given(ENDS, STEPS)
def test_a_line_goes_in_equal_steps(ends, steps):
    step = (ends[1] - ends[0]) / (steps - 1)
    np.testing.assert_allclose(np.diff(linear(*ends, steps), axis=0), np.tile(step, (steps - 1, 1)), atol=1e-4)


@given(ENDS, STEPS)
def test_the_line_between_swapped_ends_is_reversed(ends, steps):
    np.testing.assert_allclose(linear(ends[1], ends[0], steps), linear(*ends, steps)[::-1], atol=1e-4)


def test_the_middle_of_a_line_is_the_mean_of_its_ends():
    points = PATHS["linear"](np.array([0, 4], np.float32), np.array([2, -4], np.float32), 3)
    np.testing.assert_array_equal(points[1], [1, 0])


def test_an_unknown_path_is_named_with_the_known_ones():
    with pytest.raises(UserError, match=r"path: found 'linaer'; known are .*did you mean 'linear'"):
        PATHS["linaer"]


def angles(points):
    """Between neighbours, in radians."""
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    return np.arccos(np.clip((units[:-1] * units[1:]).sum(axis=1), -1, 1))


@given(ENDS, STEPS)
def test_an_arc_begins_and_ends_exactly_at_its_ends(ends, steps):
    points = slerp(*ends, steps)
    assert points.shape == (steps, ends.shape[1])
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(points[[0, -1]], ends)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(3, 30))
def test_an_arc_turns_by_equal_angles_while_its_length_goes_evenly(seed, latent, steps):
    ends = np.random.default_rng(seed).normal(0, 3, (2, latent)).astype(np.float32)
    points = slerp(*ends, steps).astype(np.float64)
    (whole,) = angles(ends.astype(np.float64))
    np.testing.assert_allclose(angles(points), [whole / (steps - 1)] * (steps - 1), atol=2e-3)
    lengths = np.linalg.norm(points, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], steps), rtol=1e-5)


def test_slerp_over_a_quarter_circle_has_the_known_points():
    points = PATHS["slerp"](np.array([2, 0], np.float32), np.array([0, 2], np.float32), 4)
    wanted = [[2 * np.cos(turn), 2 * np.sin(turn)] for turn in (0, np.pi / 6, np.pi / 3, np.pi / 2)]
    np.testing.assert_allclose(points, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("start", "end"), [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([1, 2], [3, 6]), ([1, 2], [-2, -4]), ([0, 0], [0, 0])]
)
def test_ends_without_an_arc_between_them_are_interpolated_linearly(start, end):
    ends = np.array(start, np.float32), np.array(end, np.float32)
    np.testing.assert_allclose(slerp(*ends, 7), linear(*ends, 7), atol=1e-6)
