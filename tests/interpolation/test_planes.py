"""Principal components, planes and grids, on codes whose geometry is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_jax.interpolation.planes import principal_components, square_grid, widest_plane

CODES = st.tuples(st.integers(2, 12), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(-50, 50, width=32))
)


def frame(latent, seed=0):
    """Orthonormal directions, each with its largest entry positive."""
    rows = np.linalg.qr(np.random.default_rng(seed).normal(size=(latent, latent)))[0]
    return rows * np.sign(rows[np.arange(latent), np.abs(rows).argmax(axis=1)])[:, None]


def codes_of(spreads, directions, centre, n=40):
    """Codes whose coordinates along the directions are uncorrelated and have exactly those standard deviations."""
    scores = np.random.default_rng(1).normal(size=(n, len(spreads)))
    scores = np.linalg.qr(scores - scores.mean(axis=0))[0] * np.sqrt(n)
    return centre + (scores * spreads) @ directions[: len(spreads)]


def test_components_of_known_codes_are_found_strongest_first():
    directions, centre = frame(4), np.array([1.0, -2, 3, 0])
    found = principal_components(codes_of([3, 2, 1], directions, centre))
    np.testing.assert_allclose(found.centre, centre, atol=1e-9)
    np.testing.assert_allclose(found.directions[:3], directions[:3], atol=1e-9)
    np.testing.assert_allclose(found.explained, [9 / 14, 4 / 14, 1 / 14, 0], atol=1e-9)


def test_components_of_a_normal_distribution_are_the_axes_of_its_covariance():
    directions = frame(3)
    draws = np.random.default_rng(2).normal(size=(20_000, 3)) * [4, 2, 1]
    found = principal_components((draws @ directions).astype(np.float32))
    np.testing.assert_allclose(found.directions, directions, atol=0.03)
    np.testing.assert_allclose(found.explained, np.array([16, 4, 1]) / 21, atol=0.02)


@given(CODES)
def test_directions_are_orthonormal_for_any_codes(codes):
    directions = principal_components(codes).directions
    np.testing.assert_allclose(directions @ directions.T, np.eye(len(directions)), atol=1e-5)


def test_mirrored_codes_have_the_same_directions():
    codes = codes_of([3, 2, 1], frame(4), np.zeros(4))
    np.testing.assert_allclose(principal_components(-codes).directions, principal_components(codes).directions)


@pytest.mark.parametrize("scale", [1e-8, 1, 1e8])
def test_explained_variances_add_up_to_one_at_any_scale(scale):
    codes = scale * codes_of([3, 2, 1], frame(4), np.zeros(4)).astype(np.float32)
    np.testing.assert_allclose(principal_components(codes).explained, [9 / 14, 4 / 14, 1 / 14, 0], atol=1e-5)


def test_equal_codes_have_explained_variances_of_zero():
    found = principal_components(np.full((9, 3), 0.3, np.float32))
    np.testing.assert_array_equal(found.explained, 0)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(3), atol=1e-6)


@pytest.mark.parametrize("latent", [1, 2])
def test_with_one_or_two_units_the_plane_is_the_space_itself(latent):
    codes = np.random.default_rng(0).normal(size=(6, latent)).astype(np.float32)
    flat = widest_plane(codes).coordinates(codes)
    np.testing.assert_array_equal(flat[:, :latent], codes)
    np.testing.assert_array_equal(flat[:, latent:], 0)


def test_codes_in_a_plane_are_recovered_from_their_coordinates():
    codes = codes_of([3, 1], frame(5), np.arange(5.0))
    plane = widest_plane(codes)
    np.testing.assert_allclose(plane.centre + plane.coordinates(codes) @ plane.axes, codes, atol=1e-9)


def test_a_single_code_has_a_plane():
    plane = widest_plane(np.array([[1, 2, 3]], np.float32))
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(plane.coordinates(np.array([[1, 2, 3]], np.float32)), [[0, 0]], atol=1e-6)


def test_a_grid_reaches_a_quarter_of_the_larger_range_from_the_middle():
    codes = np.array([[0, 0], [8, 2], [3, 1]], np.float32)
    grid = square_grid(widest_plane(codes), codes, 5)
    np.testing.assert_allclose(grid[0, :, 0], [2, 3, 4, 5, 6])
    np.testing.assert_allclose(grid[:, 0, 1], [3, 2, 1, 0, -1])


def test_the_first_row_of_a_grid_has_the_largest_second_coordinate():
    codes = np.array([[-1, -1], [1, 1]], np.float32)
    grid = square_grid(widest_plane(codes), codes, 3)
    np.testing.assert_allclose(grid[0, 0], [-0.5, 0.5])
    np.testing.assert_allclose(grid[0, -1], [0.5, 0.5])
    np.testing.assert_allclose(grid[-1, 0], [-0.5, -0.5])


@given(CODES, st.integers(2, 6))
def test_a_grid_lies_in_its_plane_and_is_square(codes, side):
    plane = widest_plane(codes)
    grid = square_grid(plane, codes, side)
    assert grid.shape == (side, side, codes.shape[1])
    flat = plane.coordinates(grid.reshape(-1, codes.shape[1]))
    np.testing.assert_allclose(plane.centre + flat @ plane.axes, grid.reshape(flat.shape[0], -1), atol=1e-3)
    across = np.ptp(flat[:, 0])
    assert across == pytest.approx(np.ptp(plane.coordinates(codes), axis=0).max() / 2, abs=1e-3)
    if codes.shape[1] > 1:
        assert across == pytest.approx(np.ptp(flat[:, 1]), abs=1e-3)
