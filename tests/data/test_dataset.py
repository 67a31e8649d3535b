"""Data sets: splits by content, balanced indices and fingerprints."""

import dataclasses
import logging
from collections import Counter

import jaxtyping
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import (
    Dataset,
    Split,
    balanced_indices,
    content_hashes,
    split_by_content,
    with_mirror_images,
    with_validation,
)

FRACTIONS = st.floats(0.01, 0.9)


def distinct_images(n, seed=0):
    """Different images in random order."""
    numbers = np.random.default_rng(seed).permutation(65536)[:n]
    return np.stack([numbers // 256, numbers % 256], axis=1).astype(np.uint8).reshape(n, 1, 2, 1)


@st.composite
def with_copies(draw):
    """Images and labels with many copies; copies have the same label."""
    values = draw(st.lists(st.integers(0, 9), min_size=4, max_size=30))
    images = np.array(values, np.uint8).reshape(-1, 1, 1, 1)
    labels = images[:, 0, 0, 0].astype(np.int32) % 2
    assume(all(len(np.unique(images[labels == label])) >= 2 for label in np.unique(labels)))
    return images, labels


def content(split):
    """How often each image occurs with each label."""
    return Counter((image.tobytes(), int(label)) for image, label in zip(split.images, split.labels, strict=True))


def test_the_repr_is_one_line():
    images = np.zeros((4, 6, 5, 1), np.uint8)
    some = Split(images, np.zeros(4, np.int32))
    few = Dataset("small", "made", some, Split(images[:1], np.zeros(1, np.int32)), ("dark", "bright"))
    assert repr(some) == "Split(4 images (6, 5, 1))"
    assert repr(few) == "Dataset(small: 4 training and 1 test images (6, 5, 1); dark, bright)"
    many = dataclasses.replace(few, class_names=tuple(f"class_{k}" for k in range(1010)))
    assert repr(many).endswith("class_8, class_9 and 1,000 more)")
    assert len(repr(many)) < 200


@given(with_copies(), FRACTIONS, st.booleans())
def test_copies_of_an_image_lie_on_one_side_of_a_split(data, fraction, equal):
    train, test = split_by_content(*data, fraction, equal_classes=equal)
    assert not set(content_hashes(train.images)) & set(content_hashes(test.images))


@given(with_copies(), FRACTIONS, st.booleans())
def test_a_split_loses_nothing_and_adds_nothing(data, fraction, equal):
    train, test = split_by_content(*data, fraction, equal_classes=equal)
    assert content(train) + content(test) == content(Split(*data))


@given(with_copies(), FRACTIONS, st.booleans(), st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_of_the_files(data, fraction, equal, random):
    images, labels = data
    order = list(range(len(labels)))
    random.shuffle(order)
    one = split_by_content(images, labels, fraction, equal_classes=equal)
    other = split_by_content(images[order], labels[order], fraction, equal_classes=equal)
    assert [content(split) for split in one] == [content(split) for split in other]


@given(with_copies(), FRACTIONS, st.booleans())
def test_every_class_has_images_on_both_sides(data, fraction, equal):
    train, test = split_by_content(*data, fraction, equal_classes=equal)
    assert set(train.labels) == set(test.labels) == set(data[1])


@given(st.lists(st.integers(2, 60), min_size=1, max_size=4), FRACTIONS)
def test_the_share_of_test_images_is_that_asked_for_in_every_class(sizes, fraction):
    labels = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    _, test = split_by_content(distinct_images(len(labels)), labels, fraction)
    for held, size in zip(np.bincount(test.labels), sizes, strict=True):
        assert abs(held - fraction * size) <= 1
        assert 0 < held < size


@given(st.lists(st.integers(2, 60), min_size=2, max_size=4), FRACTIONS)
@example([2, 3], 0.75)
def test_equal_classes_give_as_many_test_images_each(sizes, fraction):
    labels = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    _, test = split_by_content(distinct_images(len(labels)), labels, fraction, equal_classes=True)
    held = np.bincount(test.labels)
    assert len(set(held)) == 1
    assert abs(held[0] - fraction * min(sizes)) <= 1


def test_a_class_with_a_single_image_is_only_trained_on():
    train, test = split_by_content(distinct_images(4), np.array([0, 0, 0, 1], np.int32), 0.5)
    assert sorted(test.labels.tolist()) in ([0], [0, 0])
    assert 1 in train.labels


@pytest.mark.parametrize("labels", [[0, 1, 2], [], [0]])
def test_without_a_class_of_two_images_a_split_is_an_error(labels):
    with pytest.raises(UserError, match=r"^data: found no class with 2 different images; a split needs one$"):
        split_by_content(distinct_images(len(labels)), np.array(labels, np.int32), 0.5)


def test_a_class_of_copies_can_not_be_split():
    with pytest.raises(UserError, match="no class with 2 different"):
        split_by_content(np.zeros((5, 2, 2, 1), np.uint8), np.zeros(5, np.int32), 0.5)


def test_pictures_of_one_group_lie_on_one_side_of_a_split():
    images, labels = distinct_images(40), np.zeros(40, np.int32)
    groups = np.repeat(np.arange(8, dtype=np.int32), 5)
    train, test = split_by_content(images, labels, 0.5, groups=groups)
    of = dict(zip(content_hashes(images), groups.tolist(), strict=True))
    sides = [{of[name] for name in content_hashes(split.images)} for split in (train, test)]
    assert len(sides[0]) == len(sides[1]) == 4
    assert not sides[0] & sides[1]


def test_copies_too_many_to_be_held_out_are_logged(caplog):
    images, labels = distinct_images(40)[np.r_[np.zeros(160, int), 0:40]], np.zeros(200, np.int32)
    with caplog.at_level(logging.WARNING, "vae_jax"):
        train, test = split_by_content(images, labels, 0.1)
    assert (len(train), len(test)) == (180, 20)
    assert caplog.messages == ["data: too large to be held out, so only trained on: 1 group of 161 images"]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_balanced_draws_draw_every_class_and_every_image_equally_often(labels):
    labels = np.array(labels, np.int32)
    draws = balanced_indices(labels)
    largest = np.bincount(labels).max()
    assert (np.bincount(labels[draws])[np.unique(labels)] == largest).all()
    times = np.bincount(draws, minlength=len(labels))
    for label in np.unique(labels):
        assert times[labels == label].min() >= 1
        assert np.ptp(times[labels == label]) <= 1


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.int32)),
        (np.zeros((2, 3, 3, 1), np.float32), np.zeros(2, np.int32)),
        (np.zeros((2, 3, 3, 1), np.uint8), np.zeros(3, np.int32)),
        (np.zeros((2, 3, 3, 1), np.uint8), np.zeros((2, 1), np.int32)),
    ],
    ids=["no channels", "not bytes", "a label too many", "labels in columns"],
)
def test_a_split_needs_uint8_of_four_dimensions_and_a_label_for_each(monkeypatch, images, labels):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as it is outside the tests
    with pytest.raises(ValueError, match=r"^(images|labels): "):
        Split(images, labels)


def small(**changes):
    images, labels = distinct_images(6), np.array([0, 1, 0, 1, 0, 1], np.int32)
    train, test = Split(images[:4], labels[:4]), Split(images[4:], labels[4:])
    return dataclasses.replace(Dataset("small", "made here", train, test, ("even", "odd")), **changes)


def test_every_training_image_is_drawn_once_by_default():
    assert small().sampling_indices.tolist() == [0, 1, 2, 3]
    assert small(sampling_indices=np.array([3, 3], np.int32)).sampling_indices.tolist() == [3, 3]


def test_the_image_shape_is_that_of_one_image():
    assert small().image_shape == (1, 2, 1)


def test_the_fingerprint_does_not_depend_on_the_name():
    assert small().fingerprint == small(name="other", source="there", notice="look", class_names=("a", "b")).fingerprint


def test_any_change_of_the_data_changes_the_fingerprint():
    data = small()
    pixel = data.train.images.copy()
    pixel[0, 0, 0, 0] ^= 1
    changed = [
        small(train=Split(pixel, data.train.labels)),
        small(train=Split(data.train.images, 1 - data.train.labels)),
        small(test=Split(data.test.images[::-1], data.test.labels)),
        small(test=Split(data.test.images, data.test.labels[::-1])),
        small(sampling_indices=np.array([0, 1, 2, 2], np.int32)),
        small(train=Split(data.train.images.reshape(4, 2, 1, 1), data.train.labels)),
    ]
    assert len({data.fingerprint, *(other.fingerprint for other in changed)}) == 1 + len(changed)


def test_without_validation_images_the_fingerprint_is_that_of_older_versions():
    """Run folders and published tables hold these fingerprints."""
    assert small().fingerprint == "66c30eb4efa4253b"
    assert small().test_fingerprint == "8730ffce96b7b056"
    assert len(small().validation) == 0
    assert list(small().held_out) == ["test"]


def test_a_fingerprint_covers_the_validation_images():
    some = Split(distinct_images(2, seed=1), np.zeros(2, np.int32))
    other = Split(some.images, some.labels + 1)
    assert len({small().fingerprint, small(validation=some).fingerprint, small(validation=other).fingerprint}) == 3
    assert small(validation=some).validation_fingerprint == small(validation=other).validation_fingerprint
    assert small(validation=some).validation_fingerprint != small(validation=small().test).validation_fingerprint
    assert list(small(validation=some).held_out) == ["validation", "test"]
    assert repr(small(validation=some)).startswith(
        "Dataset(small: 4 training, 2 validation and 2 test images (1, 2, 1)"
    )


@given(with_copies(), FRACTIONS, st.randoms(use_true_random=False))
def test_validation_images_are_held_out_like_test_images(data, fraction, random):
    images, labels = data
    order = list(range(len(labels)))
    random.shuffle(order)
    test = Split(images[:1], labels[:1])
    one, other = (
        with_validation(Dataset("small", "made here", Split(images[o], labels[o]), test, ("even", "odd")), fraction)
        for o in (slice(None), order)
    )
    assert content(one.train) + content(one.validation) == content(Split(*data))
    assert not set(content_hashes(one.train.images)) & set(content_hashes(one.validation.images))
    assert [content(s) for s in (one.train, one.validation)] == [content(s) for s in (other.train, other.validation)]
    assert one.sampling_indices.tolist() == list(range(len(one.train)))
    assert one.test is test


def test_whole_groups_are_held_out_for_validation():
    train = Split(distinct_images(40), np.zeros(40, np.int32))
    groups = np.repeat(np.arange(8, dtype=np.int32), 5)
    found = with_validation(small(train=train), 0.25, groups=groups)
    of = dict(zip(content_hashes(train.images), groups.tolist(), strict=True))
    sides = [{of[name] for name in content_hashes(split.images)} for split in (found.train, found.validation)]
    assert [len(side) for side in sides] == [6, 2]
    assert not sides[0] & sides[1]


def test_the_remaining_training_images_are_drawn_as_before():
    train = Split(distinct_images(12), np.zeros(12, np.int32))
    draws = np.array([11, 3, 3, 0, 7], np.int32)
    found = with_validation(small(train=train, sampling_indices=draws), 0.5)
    left = {image.tobytes() for image in found.train.images}
    wanted = [image.tobytes() for image in train.images[draws] if image.tobytes() in left]
    assert [image.tobytes() for image in found.train.images[found.sampling_indices]] == wanted


def test_mirror_images_follow_the_images_with_their_classes():
    split = Split(np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1), np.array([1, 0], np.int32))
    both = with_mirror_images(split)
    np.testing.assert_array_equal(both.images[:2], split.images)
    np.testing.assert_array_equal(both.images[2, 0, :, 0], [3, 2, 1, 0])
    assert both.labels.tolist() == [1, 0, 1, 0]
