"""Members side by side: the same images for all, and nothing is cut off."""

import numpy as np
import pytest
from invented_arrays import member_arrays
from picture_edges import beyond_the_edge
from slow_cases import slow_after

from vae_jax.figures.side_by_side import MEMBER_FIGURES, latent_spaces, strips


@pytest.mark.filterwarnings("error")
def test_reconstructions_are_below_their_test_images():
    few, many = member_arrays(shape=(8, 8, 1)), member_arrays(shape=(12, 10, 3))
    sheets = [axes.images[0].get_array().shape for axes in strips([few, many, few], "").axes]
    assert len(sheets) == 2 + 3
    assert sheets[0] == sheets[1] == sheets[2] != sheets[3] == sheets[4]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MEMBER_FIGURES)
@pytest.mark.parametrize("count", [2, 5, 16])
@pytest.mark.parametrize("shape", slow_after(1, [(8, 8, 1), (28, 20, 1), (50, 50, 3)]))
def test_members_side_by_side_are_not_cut_off(name, count, shape):
    together = [member_arrays(shape=shape, title=f"data · 2 latent · beta_KL {k} · seed 0") for k in range(count)]
    assert beyond_the_edge(MEMBER_FIGURES[name][1](together, "a notice that goes on. " * 12)) == {}


def test_side_by_side_needs_two_members():
    assert strips([member_arrays()], "") is None
    assert latent_spaces([member_arrays(), member_arrays(latent=3)], "") is None


def test_every_strip_shows_the_same_images():
    together = [member_arrays(title=f"data · 2 latent · beta_KL {k} · seed 0") for k in range(2)]
    shown = [axes.images[0].get_array() for axes in strips(together, "").axes]
    np.testing.assert_array_equal(shown[1], shown[2])  # these arrays are equal
    assert shown[0].shape == shown[1].shape
