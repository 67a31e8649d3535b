"""The fixed binarisation of a data set: each of its images is drawn black and white once and for all."""

import hashlib
from dataclasses import replace

import numpy as np

from vae_jax.data.dataset import AT_ONCE, Dataset, Images, Split

USE = b"config.data.binarise=fixed "  # hashed with the pixels, so that another use of their hash has other numbers


def with_fixed_draw(dataset: Dataset) -> Dataset:
    """Binarise all splits of a data set by one draw of each image."""
    train, validation, test = (
        Split(draw_once(split.images), split.labels) for split in (dataset.train, dataset.validation, dataset.test)
    )
    source = f"{dataset.source}; each image binarised by one fixed draw"
    return replace(dataset, source=source, train=train, validation=validation, test=test)


def draw_once(images: Images) -> Images:
    """Draw each pixel 0 or 255, with `value / 255` as the probability of 255.

    An image's random numbers are a hash of its pixels (SHAKE-128, 16 bits a pixel), so that its draw is the same in
    every split, order and version of a library, and copies stay copies.

    It has the same law as Larochelle's fixed binarisation of MNIST (the data set `binarized_mnist`), but is another
    draw, of images in another order. Metrics on the one and on the other agree within their errors.
    """
    drawn = np.empty_like(images)
    for start in range(0, len(images), AT_ONCE):
        some = images[start : start + AT_ONCE]
        size = 2 * some[0].size
        hashes = b"".join(hashlib.shake_128(USE + image.tobytes()).digest(size) for image in some)
        numbers = np.frombuffer(hashes, "<u2").reshape(some.shape).astype(np.uint32)  # below 2^16
        drawn[start : start + AT_ONCE] = np.where(numbers * 255 < some.astype(np.uint32) << 16, 255, 0)
    return drawn
