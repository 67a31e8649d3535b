"""Members side by side: the same images for all, and nothing is cut off."""

import numpy as np
import pytest
from picture_edges import beyond_the_edge
from portraits import portrait

from vae_jax.figures.side_by_side import PORTRAIT_FIGURES, latent_spaces, strips


@pytest.mark.filterwarnings("error")
def test_reconstructions_stand_below_the_test_images_that_they_are_of():
    few, many = portrait(shape=(8, 8, 1)), portrait(shape=(12, 10, 3))
    sheets = [axes.images[0].get_array().shape for axes in strips([few, many, few], "").axes]
    assert len(sheets) == 2 + 3
    assert sheets[0] == sheets[1] == sheets[2] != sheets[3] == sheets[4]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", PORTRAIT_FIGURES)
@pytest.mark.parametrize("count", [2, 5, 16])
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 20, 1), (50, 50, 3)])
def test_members_side_by_side_fit_into_the_picture(name, count, shape):
    sitters = [portrait(shape=shape, title=f"data · 2 latent · beta_KL {k} · seed 0") for k in range(count)]
    assert beyond_the_edge(PORTRAIT_FIGURES[name][1](sitters, "a notice that goes on. " * 12)) == {}


def test_side_by_side_takes_two():
    assert strips([portrait()], "") is None
    assert latent_spaces([portrait(), portrait(latent=3)], "") is None


def test_every_strip_shows_the_same_images():
    sitters = [portrait(title=f"data · 2 latent · beta_KL {k} · seed 0") for k in range(2)]
    shown = [axes.images[0].get_array() for axes in strips(sitters, "").axes]
    np.testing.assert_array_equal(shown[1], shown[2])  # the invented portraits are alike
    assert shown[0].shape == shown[1].shape
