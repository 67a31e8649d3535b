"""Images given as arrays: what they become, and one-line errors for those that can't be used."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import content_hashes
from vae_jax.data.sources.arrays import given_arrays
from vae_jax.data.sources.registry import load

CONFIG = DataConfig(name="arrays")
NOISE = np.random.default_rng(0).integers(0, 256, (40, 6, 5)).astype(np.uint8)
LABELS = np.arange(40) % 3


def dataset(*args, config=CONFIG, **more):
    return load(config, given_arrays(*args, **more))


def all_images(found):
    return np.concatenate([found.train.images, found.validation.images, found.test.images])


def test_a_share_of_the_images_is_held_out():
    found = dataset(NOISE, LABELS, config=DataConfig(name="arrays", test_fraction=0.2, validation_fraction=0.25))
    assert (len(found.train), len(found.validation), len(found.test)) == (24, 7, 9)
    assert sorted(content_hashes(all_images(found))) == sorted(content_hashes(NOISE[..., None]))
    assert found.class_names == ("0", "1", "2")
    assert (found.name, found.image_shape) == ("arrays", (6, 5, 1))
    assert found.source == "images given as arrays"


def test_given_splits_are_kept():
    parts = {"test_images": NOISE[30:35], "test_labels": LABELS[30:35]}
    found = dataset(NOISE[:30], LABELS[:30], **parts, validation_images=NOISE[35:], validation_labels=LABELS[35:])
    for split, places in ((found.train, slice(30)), (found.test, slice(30, 35)), (found.validation, slice(35, 40))):
        np.testing.assert_array_equal(split.images[..., 0], NOISE[places])
        np.testing.assert_array_equal(split.labels, LABELS[places])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_that_are_multiples_of_a_255th_become_exact_bytes(kind):
    found = dataset((NOISE / 255).astype(kind), test_images=NOISE[:3])
    np.testing.assert_array_equal(found.train.images[..., 0], NOISE)
    assert found.source == "images given as arrays"


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=2, unique=True))
def test_other_floats_are_rounded_to_the_nearest_level_and_source_says_so(pixels):
    found = dataset(np.array(pixels, np.float32).reshape(2, 1, 1, 1), test_images=np.zeros((1, 1, 1, 1), np.uint8))
    assert np.abs(found.train.images.ravel() / 255 - pixels).max() <= 0.5 / 255 + 1e-6
    far = np.abs(found.train.images.ravel() - 255 * np.array(pixels)).max() > 0.11
    assert not far or found.source == "images given as arrays, pixels rounded to 256 levels"


def test_anything_like_an_array_is_accepted():
    import jax.numpy as jnp

    for each in (jnp.asarray(NOISE), (NOISE / 255).tolist(), np.asfortranarray(NOISE), NOISE[..., None]):
        np.testing.assert_array_equal(dataset(each, test_images=NOISE[:1]).train.images[..., 0], NOISE)


def test_colour_is_kept():
    coloured = np.repeat(NOISE[..., None], 3, axis=3)
    assert dataset(coloured).image_shape == (6, 5, 3)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a"] * 20, ("a", "b")),
        (np.array(["b", "a"] * 20, object), ("a", "b")),
        (np.array([b"b", b"a"] * 20), ("a", "b")),
        (np.array([7, -1] * 20), ("-1", "7")),
        (np.array([True, False] * 20), ("False", "True")),
    ],
    ids=["texts", "objects", "bytes", "numbers", "truth"],
)
def test_labels_become_sorted_class_names(labels, names):
    found = dataset(NOISE, labels, test_images=NOISE[:2], test_labels=labels[:2])
    assert found.class_names == names
    assert found.train.labels.tolist() == [1, 0] * 20
    assert found.test.labels.tolist() == [1, 0]


def test_a_class_may_occur_in_the_test_images_only():
    found = dataset(NOISE[:20], ["b"] * 20, test_images=NOISE[20:22], test_labels=["a", "b"])
    assert found.class_names == ("a", "b")
    assert found.train.labels.tolist() == [1] * 20


def test_without_labels_there_is_one_class():
    assert dataset(NOISE).class_names == ("images",)


def test_copies_between_the_splits_are_logged(caplog):
    with caplog.at_level(logging.WARNING, "vae_jax"):
        dataset(NOISE, test_images=NOISE[:3])
    assert caplog.messages == ["test_images: 3 of 3 are copies of training images"]


UNIT = NOISE / 255


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (UNIT * 255, r"images: found floats from 0 to 255; needs \[0, 1\]; try images / 255 if"),
        (UNIT * 2 - 1, r"images: found floats from -1 to 1; needs \[0, 1\]; try \(images \+ 1\) / 2 if"),
        (UNIT * 1000, r"images: found floats from 0 to 1000; needs \[0, 1\]$"),
        (np.where(NOISE[3, 0, 0] == NOISE, np.nan, UNIT), r"images: found nan in image \d+; needs floats in \[0, 1\]"),
        (np.where(NOISE[3, 0, 0] == NOISE, np.inf, UNIT), r"images: found inf in image \d+; needs floats in \[0, 1\]"),
        (
            NOISE.astype(int),
            r"images: found int64; needs uint8, or .*; try images\.astype\(numpy\.uint8\)",
        ),
        (NOISE.astype(int) * 9, r"images: found int64; needs uint8, or floats in \[0, 1\]$"),
        (NOISE > 9, r"images: found bool; needs uint8, .*; try images\.astype\(float\)"),
        (NOISE.astype(complex), "images: found complex128; needs uint8"),
        (NOISE.reshape(40, -1), r"images: found shape \(40, 30\); needs \(n, height, width\) or .*; rows of pixels"),
        (np.zeros((2, 64), np.uint8), r"such as images\.reshape\(-1, 8, 8\)"),
        (NOISE[..., :3], r"images: found shape \(40, 6, 3\); .* single image images\[None\], for images 3 wide"),
        (NOISE[:, None], r"found shape \(40, 1, 6, 5\); .*channels come first, numpy\.moveaxis\(images, 1, -1\)"),
        (np.zeros((2, 8, 8, 4), np.uint8), r"remove the alpha channel by images\[\.\.\., :3\]"),
        (NOISE[:0], r"images: found shape \(0, 6, 5\); needs .* and one image or more$"),
        (NOISE[:, :0], r"images: found shape \(40, 0, 5\)"),
        (NOISE[0, 0, 0], r"images: found shape \(\); needs"),
        ([[1], [1, 2]], "images: found list, which can't be converted to an array; needs one"),
        ("digits.npy", "images: found str 'digits.npy'; needs an array of numbers"),
        (NOISE[:1], "images: found no class with two different images among 1; needs one, or test_images"),
        (NOISE[[0] * 9], "images: found no class with two different images among 9;"),
    ],
)
def test_unusable_images_are_refused_in_one_line(images, message):
    with pytest.raises(UserError, match=f"^{message}" if message.startswith("images") else message) as error:
        dataset(images)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"labels": LABELS[:9]}, r"labels: found shape \(9,\) for 40 images; needs \(40,\)$"),
        ({"labels": np.eye(3)[LABELS]}, r"labels: found shape \(40, 3\) .*; for one-hot labels labels\.argmax\(1\)"),
        ({"labels": LABELS / 2}, r"labels: found float64; needs whole numbers or texts; try labels\.astype\(int\)"),
        ({"labels": [None] * 40}, "labels: found object; needs whole numbers or texts"),
        ({"labels": [b"\xff"] * 40}, "labels: found list, which can't be converted to an array"),
        ({"test_images": NOISE[:, :4]}, r"test_images: found images of shape \(4, 5, 1\); needs \(6, 5, 1\)"),
        ({"test_images": NOISE[:, :, None] / 3}, r"test_images: found shape \(40, 6, 1, 5\)"),
        ({"test_labels": LABELS}, "test_labels: found without test_images; needs both"),
        ({"labels": LABELS, "test_images": NOISE}, "test_labels: missing beside labels; needs a class of each image"),
        ({"test_images": NOISE, "test_labels": LABELS}, "labels: missing beside test_labels"),
        (
            {"labels": LABELS, "test_images": NOISE[:2], "test_labels": ["a", "b"]},
            "test_labels: found texts; needs whol",
        ),
        ({"validation_images": NOISE * 2.0}, r"validation_images: found floats from 0 to 510; needs \[0, 1\]$"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused_in_one_line(more, message):
    with pytest.raises(UserError, match=f"^{message}"):
        dataset(NOISE, **more)


def test_validation_images_and_a_validation_fraction_exclude_each_other():
    with pytest.raises(
        UserError, match=r"^validation_images: given, and config\.data\.validation_fraction is 0\.1 too"
    ):
        dataset(NOISE, validation_images=NOISE, config=DataConfig(name="arrays", validation_fraction=0.1))


def test_missing_arrays_are_an_error():
    with pytest.raises(UserError, match=r"^config\.data\.name=arrays: needs images given as arrays, .*images="):
        load(CONFIG)
