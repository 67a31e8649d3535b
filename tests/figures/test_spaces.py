"""Figures of the latent space: codes, paths and grids at their coordinates."""

import numpy as np
import pytest
from invented_arrays import member_arrays

from vae_jax.evaluation.gathering import GRID_SIDE, STEPS
from vae_jax.figures.spaces import latent_space, manifold, path, pca


def scattered(axes):
    """The points of a scatter, in an order of their own."""
    return np.array(sorted(axes.collections[0].get_offsets().tolist()))


def in_order(points):
    return np.array(sorted(points.tolist()))


@pytest.mark.parametrize("latent", [2, 50])
def test_the_latent_space_shows_the_first_two_units(latent):
    shown = member_arrays(latent=latent)
    axes = latent_space(shown).axes[0]
    np.testing.assert_allclose(scattered(axes), in_order(shown.mu[:, :2]), atol=1e-5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z1", "z2")


def test_a_single_unit_is_a_line_of_points_and_has_no_second_name():
    shown = member_arrays(latent=1)
    for axes in (latent_space(shown).axes[0], path(shown).axes[0], manifold(shown).axes[0]):
        points = scattered(axes)
        np.testing.assert_allclose(points[:, 0], np.sort(shown.mu[:, 0]), atol=1e-5)
        np.testing.assert_array_equal(points[:, 1], 0)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("z1", "")


@pytest.mark.parametrize("latent", [1, 2, 3, 50])
def test_the_path_is_drawn_from_its_first_code_to_its_last(latent):
    shown = member_arrays(latent=latent)
    way, first, last = path(shown).axes[0].lines
    start, end = (shown.plane.coordinates(shown.path_points[[k]])[0] for k in (0, -1))
    np.testing.assert_allclose(way.get_xydata(), np.linspace(start, end, STEPS), atol=1e-4)
    np.testing.assert_allclose(first.get_xydata(), [start], atol=1e-4)
    np.testing.assert_allclose(last.get_xydata(), [end], atol=1e-4)
    assert (first.get_marker(), last.get_marker()) == ("o", "s")


@pytest.mark.parametrize("latent", [2, 3])
def test_the_grid_is_drawn_where_its_images_were_decoded(latent):
    shown = member_arrays(latent=latent)
    left, right, *_ = manifold(shown).axes
    dots = left.lines[0].get_xydata().reshape(GRID_SIDE, GRID_SIDE, 2)
    expected = shown.plane.coordinates(shown.plane_points)
    np.testing.assert_allclose(dots, expected, atol=1e-4)
    sheet = right.images[0].get_array()
    height, width = shown.test_images.shape[1:3]
    np.testing.assert_array_equal(sheet[:height, :width, :1], shown.plane_images[0, 0])
    np.testing.assert_array_equal(sheet[-height:, -width:, :1], shown.plane_images[-1, -1])


@pytest.mark.parametrize(("height", "gap"), [(8, 1), (20, 0)])
def test_small_images_on_the_grid_have_gaps(height, gap):
    shown = member_arrays(shape=(height, 20, 1))
    sheet = manifold(shown).axes[1].images[0].get_array()
    assert len(sheet) == GRID_SIDE * height + (GRID_SIDE - 1) * gap


@pytest.mark.parametrize(("latent", "pairs"), [(3, [(0, 1), (1, 2)]), (10, [(0, 1), (2, 3)])])
def test_principal_components_are_uncorrelated_and_named(latent, pairs):
    shown = member_arrays(latent=latent)
    figure = pca(shown)
    for axes, (a, b) in zip(figure.axes[:2], pairs, strict=True):
        points = scattered(axes)
        assert abs(np.corrcoef(points.T)[0, 1]) < 1e-4
        assert points[:, 0].var() > points[:, 1].var()
        assert (axes.get_xlabel(), axes.get_ylabel()) == (f"component {a + 1}", f"component {b + 1}")


def test_at_most_twenty_explained_variances_are_drawn_in_percent():
    (bars,) = [axes for axes in pca(member_arrays(latent=50)).axes if len(axes.patches) > 1 and axes.get_xlabel()]
    heights = [bar.get_height() for bar in bars.patches]
    assert len(heights) == 20
    np.testing.assert_allclose(heights, 100 * member_arrays(latent=50).pca_explained[:20], rtol=1e-5)
    assert heights == sorted(heights, reverse=True)
