"""Pictures that are nearly the same are known as such, whatever their light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.photographs import duplicates
from vae_jax.data.photographs.duplicates import near_identical, thumbnail


def noise(n, seed=0, size=40, channels=1):
    """Pictures of soft blots, no two alike."""
    coarse = np.random.default_rng(seed).integers(60, 200, (n, size // 5, size // 5, channels)).astype(np.uint8)
    return coarse.repeat(5, axis=1).repeat(5, axis=2)


def groups(pictures):
    return near_identical(np.array([thumbnail(picture) for picture in pictures])).tolist()


def test_different_pictures_are_each_a_group_of_their_own():
    assert len(set(groups(noise(30)))) == 30


@pytest.mark.parametrize(
    "alter",
    [
        lambda picture: picture,
        lambda picture: picture + 20,
        lambda picture: 0.7 * picture + 30,
        lambda picture: picture + np.random.default_rng(5).normal(0, 6, picture.shape),
        lambda picture: np.roll(picture, 1, axis=1) * 0.1 + picture * 0.9,
    ],
    ids=["a copy", "brighter", "less contrast", "noisier", "blurred"],
)
def test_a_picture_saved_again_is_of_its_groups(alter):
    pictures = list(noise(6))
    found = groups([*pictures, np.clip(alter(pictures[2].astype(float)), 0, 255).astype(np.uint8)])
    assert found[6] == found[2]
    assert len(set(found)) == 6


def test_likeness_is_handed_on():
    """The first and the last differ, yet each is nearly its neighbour."""
    one, other = noise(2).astype(float)
    steps = [(1 - t) * one + t * other for t in np.linspace(0, 1, 40)]
    assert len(set(groups([step.astype(np.uint8) for step in steps]))) == 1
    assert len(set(groups([steps[0].astype(np.uint8), steps[-1].astype(np.uint8)]))) == 2


def test_colours_are_compared_by_their_grey():
    (colours,) = noise(1, channels=3)
    assert thumbnail(colours).shape == (256,)
    assert len(set(groups([colours, *noise(3, 1, channels=3)]))) == 4


def test_even_pictures_do_no_harm():
    even = [np.full((40, 40, 1), tone, np.uint8) for tone in (0, 255)]
    assert len(groups([*even, *noise(2)])) == 4


@given(st.integers(1, 9), st.permutations(range(12)))
def test_groups_depend_neither_on_blocks_nor_on_the_order(block, order):
    pictures = np.concatenate([noise(8), noise(4) + 10])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "BLOCK", block)
        found = np.array(groups(pictures[order]))
    back = found[np.argsort(order)]
    assert (back[:4] == back[8:]).all()
    assert len(set(back)) == 8
