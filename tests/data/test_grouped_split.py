"""Whole groups are held out, with the same probability for every size, up to the requested share."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_jax.core.errors import UserError
from vae_jax.data.grouped_split import content_keys, describe_too_large, describe_untested, held_out, too_large

FEW = settings(max_examples=25)
FRACTIONS = st.floats(0.01, 0.9)
HASHES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30)
SIZES = st.lists(st.integers(1, 12), min_size=2, max_size=30)


def hashes(n, seed=0):
    """Hashes as of images, different for each seed."""
    return [hashlib.sha256(f"{seed} {k}".encode()).hexdigest() for k in range(n)]


def split(sizes, fraction, seed=0, **more):
    """Return the group of each image, and which images are held out."""
    groups = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    keys = content_keys(hashes(len(groups), seed), groups)
    return groups, held_out(keys, np.zeros(len(groups), np.int32), fraction, **more)


@FEW
@given(HASHES, st.data())
def test_images_have_the_same_key_if_and_only_if_copies_or_groups_link_them(contents, data):
    groups = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(contents), max_size=len(contents))), np.int32)
    keys = content_keys(contents, groups)
    linked = np.equal.outer(groups, groups) | np.equal.outer(np.array(contents), np.array(contents))
    for _ in range(5):
        linked = linked @ linked
    np.testing.assert_array_equal(np.equal.outer(keys, keys), linked)


@FEW
@given(HASHES, st.data())
def test_keys_do_not_depend_on_the_order(contents, data):
    groups = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(contents), max_size=len(contents))), np.int32)
    order = np.array(data.draw(st.permutations(range(len(contents)))))
    again = content_keys([contents[k] for k in order], 9 - groups[order])
    assert again.tolist() == content_keys(contents, groups)[order].tolist()


def test_an_image_that_is_linked_to_no_other_has_its_hash_as_key():
    assert content_keys(["b", "a", "b"]).tolist() == ["b", "a", "b"]
    assert content_keys(["b", "a", "b"], np.array([0, 1, 2], np.int32)).tolist() == ["b", "a", "b"]


def times_held(sizes, fraction, trials):
    """Return how often each group is held out; every trial is a class of its own."""
    groups = np.tile(np.repeat(np.arange(len(sizes)), sizes), trials)
    labels = np.repeat(np.arange(trials, dtype=np.int32), sum(sizes))
    keys = content_keys(hashes(len(groups)), (labels * len(sizes) + groups).astype(np.int32))
    in_test = held_out(keys, labels, fraction)
    return np.bincount(groups[in_test], minlength=len(sizes)) / sizes


@pytest.mark.parametrize(("size", "singles"), [(10, 90), (30, 130), (2, 20)])
def test_a_large_group_is_held_out_as_often_as_a_small_one(size, singles):
    """At the requested rate, within 4 standard deviations of the binomial distribution."""
    fraction, trials = 0.2, 150
    times = times_held([size, *[1] * singles], fraction, trials)
    assert abs(times[0] - fraction * trials) < 4 * np.sqrt(trials * fraction * (1 - fraction))
    assert abs(times[1:].mean() - fraction * trials) < 0.2 * fraction * trials


def test_groups_of_different_sizes_are_held_out_equally_often():
    sizes, fraction, trials = [*[1] * 20, *range(2, 12)], 0.3, 150
    times = times_held(sizes, fraction, trials)
    assert (abs(times - fraction * trials) < 4.5 * np.sqrt(trials * fraction * (1 - fraction))).all()


def test_groups_of_copies_and_of_near_identical_images_are_held_out_equally_often():
    """For the same number of images: the smallest hash of many must not count as that of the group."""
    count, size, fraction = 600, 4, 0.2
    groups = np.repeat(np.arange(2 * count, dtype=np.int32), size)
    contents = np.array(hashes(len(groups)))
    contents[: count * size] = contents[: count * size : size].repeat(size)
    in_test = held_out(content_keys(contents.tolist(), groups), np.zeros(len(groups), np.int32), fraction)
    copies, others = in_test[: count * size].mean(), in_test[count * size :].mean()
    assert abs(copies - others) < 4 * np.sqrt(2 * fraction * (1 - fraction) / count)


@FEW
@given(SIZES, FRACTIONS, st.integers(0, 99))
def test_whole_groups_are_held_out_and_both_sides_have_some(sizes, fraction, seed):
    groups, in_test = split(sizes, fraction, seed)
    assert not set(groups[in_test]) & set(groups[~in_test])
    assert 0 < in_test.sum() < len(groups)


@FEW
@given(st.lists(st.integers(1, 8), min_size=0, max_size=30), st.floats(0.01, 0.5), st.integers(0, 99))
def test_with_single_images_the_share_is_exact(sizes, fraction, seed):
    _, in_test = split([*sizes, *[1] * 40], fraction, seed)
    wanted = max(1, round(fraction * len(in_test)))
    assert in_test.sum() == wanted or max(sizes, default=1) > wanted


@FEW
@given(st.integers(2, 6), st.integers(4, 40), FRACTIONS, st.integers(0, 99))
def test_without_single_images_the_share_differs_by_less_than_a_group(size, count, fraction, seed):
    _, in_test = split([size] * count, fraction, seed)
    assert abs(in_test.sum() - fraction * len(in_test)) <= size


@FEW
@given(SIZES, FRACTIONS, st.randoms(use_true_random=False))
def test_the_order_of_the_images_does_not_matter(sizes, fraction, random):
    keys = content_keys(hashes(sum(sizes)), np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))
    labels = np.arange(len(keys), dtype=np.int32) % 2
    order = np.array(random.sample(range(len(keys)), len(keys)))
    try:
        in_test = held_out(keys, labels, fraction)
    except UserError:
        return
    np.testing.assert_array_equal(held_out(keys[order], labels[order], fraction), in_test[order])


@pytest.mark.parametrize(("sizes", "held"), [([160] + 40 * [1], 20), ([12_000, 100] + 30 * [1], 15), ([300, 1], 1)])
def test_a_group_larger_than_the_share_stays_in_training_with_half_of_the_others(sizes, held):
    groups, in_test = split(sizes, 0.1)
    assert not in_test[groups == 0].any()
    assert in_test.sum() == held
    keys = groups.astype(str)
    assert too_large(keys, np.zeros(len(keys), np.int32), in_test) == [size for size in sizes if size > held]


def test_of_large_groups_only_the_smallest_is_held_out():
    groups, in_test = split([30, 20, 40], 0.1)
    assert set(groups[in_test]) == {1}


@given(HASHES, FRACTIONS)
def test_of_different_images_those_with_the_smallest_keys_are_held_out(contents, fraction):
    keys = np.array(sorted({*contents, "a", "b"}))
    in_test = held_out(keys, np.zeros(len(keys), np.int32), fraction)
    assert max(keys[in_test]) < min(keys[~in_test])
    assert abs(in_test.sum() - fraction * len(keys)) <= 1


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=2, unique=True), min_size=1, max_size=4), FRACTIONS)
def test_no_class_is_held_out_completely(classes, fraction):
    keys = np.array([key for of_one in classes for key in of_one])
    labels = np.repeat(np.arange(len(classes)), [len(of_one) for of_one in classes]).astype(np.int32)
    in_test = held_out(keys, labels, fraction)
    assert not set(keys[in_test]) & set(keys[~in_test])
    assert set(labels[~in_test]) == set(labels)


def test_a_class_of_one_group_is_only_trained_on():
    keys, labels = np.array(["a", "b", "c", "d", "d"]), np.array([0, 0, 1, 2, 2], np.int32)
    assert held_out(keys, labels, 0.5).tolist() == [True, False, False, False, False]


def test_without_a_class_of_two_groups_a_split_is_an_error():
    with pytest.raises(UserError, match=r"^data: found no class with 2 different images; a split needs one$"):
        held_out(np.array(["a", "a", "b"]), np.array([0, 0, 1], np.int32), 0.5)


@pytest.mark.parametrize("sizes", [(60 * [1], 20 * [1]), (60 * [1], 10 * [2]), ([30] + 30 * [1], 5 * [3] + 5 * [1])])
def test_equal_classes_give_as_many_images_each(sizes):
    keys = np.array([f"{j} {k}" for j, of_class in enumerate(sizes) for k in np.repeat(range(len(of_class)), of_class)])
    labels = np.repeat([0, 1], [sum(of_class) for of_class in sizes]).astype(np.int32)
    first, second = np.bincount(labels[held_out(keys, labels, 0.2, equal_classes=True)])
    assert first == second > 0


def test_a_class_of_one_group_does_not_limit_equal_classes():
    keys, labels = np.array([*hashes(50), "x"]), np.array([0] * 30 + [1] * 20 + [2], np.int32)
    assert np.bincount(labels[held_out(keys, labels, 0.2, equal_classes=True)], minlength=3).tolist() == [4, 4, 0]


def test_descriptions_name_the_first_groups_and_classes():
    assert describe_too_large([]) == describe_untested(["a", "b"], ["b", "a"]) == ""
    assert describe_too_large([161]) == "too large to be held out, so only trained on: 1 group of 161 images"
    assert describe_too_large([5000, 9, 8, 7], "faces").endswith("only trained on: 4 groups of 5,000, 9, 8, … faces")
    assert describe_untested(["b", "a"], ["b"]) == "trained on, not tested on: 1 class (a)"
    assert describe_untested("fedcba", "ac", " of one picture").endswith("4 classes of one picture (b, d, e, …)")
