"""Figures made of images: the right images in the right places."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_arrays import member_arrays

from vae_jax.evaluation.gathering import STEPS
from vae_jax.figures.images import best_and_worst, class_sheets, morphs, reconstructions, samples, spread_over_classes


def flat_images(levels, shape=(8, 8, 1)):
    """Images of one grey level each, which identifies them."""
    levels = np.asarray(levels, np.uint8)
    return np.broadcast_to(levels[..., None, None, None], (*levels.shape, *shape)).copy()


def greys(axes, columns, rows):
    """The grey level in the middle of each cell of a sheet."""
    sheet = axes.images[0].get_array()
    down, across = sheet.shape[0] / rows, sheet.shape[1] / columns
    return [
        [int(sheet[int((r + 0.5) * down), int((c + 0.5) * across), 0]) for c in range(columns)] for r in range(rows)
    ]


def texts(axes):
    return [text.get_text() for text in axes.texts]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 24))
def test_classes_take_turns_among_the_images_shown(labels, count):
    labels = np.array(labels, np.int32)
    chosen = spread_over_classes(member_arrays(n=len(labels), test_labels=labels), count)
    assert len(chosen) == len(set(chosen)) == min(count, len(labels))
    shown = [int((labels[chosen] == label).sum()) for label in np.unique(labels)]
    there = [int((labels == label).sum()) for label in np.unique(labels)]
    assert all(a == b or a >= max(shown) - 1 for a, b in zip(shown, there, strict=True))


def test_reconstructions_are_below_their_originals():
    n = 20
    shown = member_arrays(
        classes=1,
        n=n,
        test_images=flat_images(np.arange(n)),
        reconstructions=flat_images(100 + np.arange(n)),
    )
    first, second = (greys(axes, 12, 2) for axes in reconstructions(shown).axes)
    assert first == [list(range(12)), list(range(100, 112))]
    assert second == [[*range(12, 20), *[255] * 4], [*range(112, 120), *[255] * 4]]


@pytest.mark.parametrize("n", [3, 40])
def test_best_and_worst_are_in_the_order_of_their_losses(n):
    rank = np.random.default_rng(0).permutation(n)
    shown = member_arrays(
        n=n,
        losses=rank.astype(np.float32) - 1,
        test_images=flat_images(rank),
        reconstructions=flat_images(100 + rank),
    )
    count = min(n, 15)
    lowest, highest = list(range(count)), list(range(n - 1, n - 1 - count, -1))
    for axes, ranks in zip(best_and_worst(shown).axes, (lowest, highest), strict=True):
        assert texts(axes) == [str(rank - 1) for rank in ranks]
        above, below = (row[:count] for row in greys(axes, 15, 2))
        assert above == ranks
        assert below == [100 + rank for rank in ranks]


def test_losses_are_written_short():
    shown = member_arrays(n=3, losses=np.array([0.0123456, -3.14159, 123456.7], np.float32))
    assert texts(best_and_worst(shown).axes[0]) == ["-3.14", "0.0123", "123,457"]


def test_morphs_have_the_originals_at_both_ends_and_the_decoded_images_between_them():
    starts, ends = np.array([0, 2], np.int32), np.array([1, 3], np.int32)
    ways = np.stack([np.arange(STEPS) + 100, np.arange(STEPS) + 150])
    shown = member_arrays(n=4, test_images=flat_images([10, 20, 30, 40]))
    shown = dataclasses.replace(shown, morph_starts=starts, morph_ends=ends, morph_images=flat_images(ways))
    sheet = morphs(shown).axes[0].images[0].get_array()
    for row, (start, end, way) in enumerate([(10, 20, ways[0]), (30, 40, ways[1])]):
        line = sheet[int((row + 0.4) * len(sheet) / 2), :, 0].astype(int)
        seen = [level for level, before in zip(line, [255, *line], strict=False) if level not in (before, 255)]
        assert (seen[0], seen[-1]) == (start, end)
        assert (seen[1], seen[-2]) == (way[0], way[-1])
        assert np.all(np.diff(seen[1:-1]) > 0)
        assert set(seen[1:-1]) <= set(way)


def test_each_class_has_a_band_with_its_name():
    sheets = flat_images(np.arange(40).reshape(2, 20))
    (axes,) = class_sheets(member_arrays(class_sheets=sheets, class_names=("people", "dogs"))).axes
    assert greys(axes, 10, 4) == [list(range(k, k + 10)) for k in (0, 10, 20, 30)]
    height = len(axes.images[0].get_array())
    names = {text.get_text(): text.get_position()[1] / height for text in axes.texts}
    assert names == pytest.approx({"people": 0.25, "dogs": 0.75}, abs=0.01)


def test_of_many_classes_some_have_a_band_and_the_title_says_so():
    (axes,) = class_sheets(member_arrays(classes=150, n=300)).axes
    assert axes.get_title("left") == "training images of 20 of 150 classes"
    named = texts(axes)
    assert len(named) == 20
    assert (named[0], named[-1]) == ("class 0", "class 149")


def test_all_samples_are_shown():
    levels = np.arange(60)
    seen = greys(samples(member_arrays(samples=flat_images(levels))).axes[0], 15, 4)
    assert [grey for row in seen for grey in row] == levels.tolist()
