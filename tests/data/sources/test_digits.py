"""scikit-learn's digits: all of them, their 17 grey levels stretched over a byte."""

from collections import Counter

import numpy as np
from sklearn.datasets import load_digits

from vae_jax.config.schema import DataConfig
from vae_jax.data.sources.digits import load

DIGITS = load(DataConfig(name="digits"))
THEIRS = load_digits()


def test_all_digits_are_read_with_their_labels():
    ours = Counter()
    for split in (DIGITS.train, DIGITS.test):
        for image, label in zip(split.images, split.labels, strict=True):
            ours[(np.round(image[..., 0] / 255 * 16).tobytes(), int(label))] += 1
    pairs = zip(THEIRS.images, THEIRS.target, strict=True)
    assert ours == Counter((image.tobytes(), int(label)) for image, label in pairs)


def test_the_grey_levels_reach_from_black_to_white():
    assert DIGITS.train.images.min() == 0
    assert DIGITS.train.images.max() == 255


def test_every_digit_is_in_both_splits():
    for split in (DIGITS.train, DIGITS.test):
        assert [DIGITS.class_names[label] for label in np.unique(split.labels)] == list("0123456789")


def test_the_test_fraction_is_that_of_the_config():
    half = load(DataConfig(name="digits", test_fraction=0.5))
    assert abs(len(half.test) - len(half.train)) <= 10
