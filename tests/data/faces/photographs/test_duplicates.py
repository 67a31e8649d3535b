"""Near-identical pictures are found, whatever their light."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_jax.data.faces.photographs import duplicates
from vae_jax.data.faces.photographs.duplicates import near_identical, thumbnail


def noise(n, seed=0, size=40, channels=1):
    """Pictures of random soft blots."""
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


def morph(count, end):
    """Pictures on the way from one to another, each nearly the one before."""
    one, other = noise(2).astype(float)
    return [((1 - t) * one + t * other).astype(np.uint8) for t in np.linspace(0, end, count)]


def test_likeness_is_transitive():
    """The first and the last differ, yet each is nearly its neighbour."""
    steps = morph(9, 0.24)
    assert len(set(groups([steps[0], steps[-1]]))) == 2
    assert len(set(groups(steps))) == 1


@settings(max_examples=5)
@given(st.permutations(range(40)))
def test_a_chain_that_leads_elsewhere_is_cut_the_same_way_in_any_order(order):
    """A group has the pictures that are like its first."""
    steps = morph(40, 1)
    found = np.array(groups([steps[k] for k in order]))[np.argsort(order)]
    assert 3 <= len(set(found)) <= 8
    for group in set(found):
        (members,) = np.nonzero(found == group)
        assert np.corrcoef(steps[members[0]].ravel(), steps[members[-1]].ravel())[0, 1] > 0.8
    in_order = np.array(groups(steps))
    assert (np.equal.outer(found, found) == np.equal.outer(in_order, in_order)).all()


def squares(side, size=64):
    """Dark pictures with a bright square at each of 32 by 32 positions."""
    places = range(0, min(32, size - side))
    pictures = np.zeros((len(places), len(places), size, size, 1), np.uint8)
    for y in places:
        for x in places:
            pictures[y, x, y : y + side, x : x + side] = 255
    return pictures.reshape(-1, size, size, 1)


@pytest.mark.parametrize("side", [8, 20, 32])
def test_a_square_at_another_place_is_another_picture(side):
    assert len(set(groups(squares(side)))) == len(squares(side))


@pytest.mark.parametrize("width", [1, 2])
def test_pictures_without_structure_at_their_thumbnails_size_are_like_no_other(width):
    """Fine stripes and checks, which shrink to an even grey, and specks of a grey level."""
    y, x = np.indices((128, 128)) // width
    fine = [255 * ((y * a + x * b) % 2) for a, b in ((0, 1), (1, 0), (1, 1))]
    faint = [100 + (np.arange(128)[:, None] > edge) * np.ones(128) for edge in (40, 41, 64)]
    assert len(set(groups([each[..., None].astype(np.uint8) for each in (*fine, *faint)]))) == 6


def alike(n):
    """Thumbnails of a picture that was taken many times."""
    generator = np.random.default_rng(0)
    return (100 + 8 * np.arange(1024) // 64 + generator.integers(0, 3, (n, 1024))).astype(np.uint8)


@pytest.mark.parametrize("n", [3000, pytest.param(12_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_square_of_like_pictures(n):
    thumbnails = alike(n)
    near_identical(thumbnails[:3])
    tracemalloc.start()
    try:
        found = near_identical(thumbnails)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(found) == {0}
    assert peak < 100e6


def test_colours_are_compared_by_their_grey():
    (colours,) = noise(1, channels=3)
    assert thumbnail(colours).shape == (1024,)
    assert len(set(groups([colours, *noise(3, 1, channels=3)]))) == 4


def test_pictures_of_one_tone_work():
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
