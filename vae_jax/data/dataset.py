"""`Dataset`, which every data source returns, and how it is split."""

import hashlib
import logging
from collections.abc import Sized
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int32, UInt8

from vae_jax.core.errors import UserError
from vae_jax.data.faces.alignment import Template
from vae_jax.data.grouped_split import content_keys, describe_too_large, held_out, too_large

log = logging.getLogger("vae_jax")

Images = UInt8[np.ndarray, "n height width channels"]
Labels = Int32[np.ndarray, " n"]

SHOWN_CLASSES = 10  # classes named in the repr
AT_ONCE = 1_000  # images that are looked at together


@dataclass(frozen=True)
class Split:
    """Images and the class of each: uint8 `[n, height, width, channels]` and int32 `[n]`."""

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        """Check types and shapes."""
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(f"images: {self.images.dtype}{self.images.shape}, not uint8 [n, h, w, c]")
        if self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"labels: {self.labels.shape} for {len(self.images)} images")

    def __repr__(self) -> str:
        """Show the number of images and their shape."""
        return f"Split({len(self):,} images {self.images.shape[1:]})"

    def __len__(self) -> int:
        return len(self.images)


NO_IMAGES = Split(np.zeros((0, 1, 1, 1), np.uint8), np.zeros(0, np.int32))


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test images.

    Attributes:
        name: `config.data.name`.
        source: where the images came from, as a phrase for logs, reports and figures.
        train: training images.
        test: test images; no copy of one is in `train`, except in splits that are used as they were published or given.
        class_names: the name of each label, in the order of the labels.
        sampling_indices: into `train`, each as often as its image is drawn in one epoch.
        notice: one line to show wherever the data are shown, or ''.
        template: where eyes and nose lie in the images, if they are aligned faces.
        validation: images by which members are chosen, as `test`. Often empty.
    """

    name: str
    source: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    sampling_indices: Int32[np.ndarray, " m"] = field(default_factory=lambda: np.zeros(0, np.int32))
    notice: str = ""
    template: Template | None = None
    validation: Split = NO_IMAGES

    def __post_init__(self) -> None:
        """Draw every training image once, unless `sampling_indices` are given."""
        if not len(self.sampling_indices):
            object.__setattr__(self, "sampling_indices", np.arange(len(self.train), dtype=np.int32))

    def __repr__(self) -> str:
        """Describe the data set in one line."""
        count, classes = len(self.class_names), ", ".join(self.class_names[:SHOWN_CLASSES])
        more = f" and {count - SHOWN_CLASSES:,} more" if count > SHOWN_CLASSES else ""
        return f"Dataset({self.name}: {self.counts} {self.image_shape}; {classes}{more})"

    @property
    def counts(self) -> str:
        """The number of images of each split, as a phrase."""
        validation = f", {len(self.validation):,} validation" if len(self.validation) else ""
        return f"{len(self.train):,} training{validation} and {len(self.test):,} test images"

    @property
    def held_out(self) -> dict[str, Split]:
        """The splits that models are evaluated on, by name: `validation`, if it is not empty, and `test`."""
        return {**({"validation": self.validation} if len(self.validation) else {}), "test": self.test}

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width in pixels, and channels."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @cached_property
    def is_binary(self) -> bool:
        """Whether every pixel is 0 or 255."""
        splits = [split.images for split in (self.train, self.validation, self.test)]
        pieces = (images[k : k + AT_ONCE] for images in splits for k in range(0, len(images), AT_ONCE))
        return all(bool(((piece == 0) | (piece == 255)).all()) for piece in pieces)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all images, labels and sampling indices: equal if and only if the data are."""
        digest = hashlib.sha256(repr((self.train.images.shape, self.test.images.shape)).encode())
        arrays = [self.train.images, self.train.labels, self.test.images, self.test.labels, self.sampling_indices]
        if len(self.validation):
            digest.update(repr(self.validation.images.shape).encode())
            arrays += [self.validation.images, self.validation.labels]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]

    @cached_property
    def test_fingerprint(self) -> str:
        """A hash of the test images: metrics compare between data sets where it is equal."""
        return _fingerprint(self.test.images)

    @cached_property
    def validation_fingerprint(self) -> str:
        """A hash of the validation images."""
        return _fingerprint(self.validation.images)


def _fingerprint(images: Images) -> str:
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()[:16]


def with_mirror_images(split: Split) -> Split:
    """Append the mirror image of every image."""
    return Split(np.concatenate([split.images, split.images[:, :, ::-1]]), np.tile(split.labels, 2))


@runtime_checkable
class Sizes(Protocol):
    """What planning a run needs to know of a data set: the size and the number of its images."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width in pixels, and channels."""

    @property
    def sampling_indices(self) -> Sized:
        """One index for each image of an epoch."""

    @property
    def test(self) -> Sized:
        """The test images."""

    @property
    def validation(self) -> Sized:
        """The validation images; may be empty."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each label."""


def balanced_indices(labels: Labels) -> Int32[np.ndarray, " m"]:
    """Return indices in which every class occurs equally often: those of rarer classes repeat.

    Args:
        labels: the class of each image, `[n]`.

    Returns:
        `[classes * largest class]` indices into `labels`.
    """
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    size = max(len(group) for group in groups)
    return np.concatenate([np.resize(group, size) for group in groups]).astype(np.int32)


def content_hashes(images: Images) -> list[str]:
    """Return a hash of each image: copies have the same."""
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def split_by_content(
    images: Images, labels: Labels, test_fraction: float, *, equal_classes: bool = False, groups: Labels | None = None
) -> tuple[Split, Split]:
    """Split into train and test so that all copies of an image are on one side.

    The side depends on the content of the images, not on their order. Groups that are too large to be held out are
    logged; see `grouped_split.held_out`.

    Args:
        images: `[n, height, width, channels]`.
        labels: `[n]`.
        test_fraction: the share of each class that becomes test images, in (0, 1).
        equal_classes: take as many test images from every class as from the smallest.
        groups: `[n]`, such as patients, people or breeds; all images of a group are on one side too.

    Returns:
        train and test.

    Raises:
        UserError: no class has two images that differ (and are of two groups).
    """
    in_test = _held_out("data:", Split(images, labels), test_fraction, equal_classes, groups)
    return Split(images[~in_test], labels[~in_test]), Split(images[in_test], labels[in_test])


def with_validation(
    dataset: Dataset, fraction: float, *, equal_classes: bool = False, groups: Labels | None = None
) -> Dataset:
    """Make a share of the training images validation images, chosen as in `split_by_content`.

    Args:
        dataset: one without validation images.
        fraction: the share of each class of the training images, in (0, 1).
        equal_classes, groups: as in `split_by_content`, of the training images.

    Raises:
        UserError: no class has two images that differ (and are of two groups).
    """
    try:
        held = _held_out("data: for validation", dataset.train, fraction, equal_classes, groups)
    except UserError:
        raise UserError(
            f"config.data.validation_fraction: found {fraction:g}, but no class with 2 different images among the "
            f"{len(dataset.train):,} training images; needs 0"
        ) from None
    return without_training_images(dataset, held)


def with_last_for_validation(dataset: Dataset, fraction: float) -> Dataset:
    """Make the last share of the training images validation images, as is the custom with MNIST.

    Args:
        dataset: one without validation images; copies within its training images stay where they are.
        fraction: the share of the training images.

    Raises:
        UserError: no training image or no validation image would be left.
    """
    count = len(dataset.train)
    last = round(fraction * count)
    if not 0 < last < count:
        raise UserError(
            f"config.data.validation_fraction: found {fraction:g}, which holds out {last:,} of {count:,} training "
            "images; needs to hold out 1 or more, and to leave 1 or more"
        )
    return without_training_images(dataset, np.arange(count) >= count - last)


def _held_out(
    prefix: str, split: Split, fraction: float, equal_classes: bool, groups: Labels | None
) -> Bool[np.ndarray, " n"]:
    keys = content_keys(content_hashes(split.images), groups)
    held = held_out(keys, split.labels, fraction, equal_classes=equal_classes)
    if message := describe_too_large(too_large(keys, split.labels, held)):
        log.warning("%s %s", prefix, message)
    return held


def without_training_images(dataset: Dataset, held: Bool[np.ndarray, " n"]) -> Dataset:
    """Make the training images where `held` is true validation images, of a data set without such."""
    train, left = dataset.train, ~held
    drawn = dataset.sampling_indices[left[dataset.sampling_indices]]
    return replace(
        dataset,
        train=Split(train.images[left], train.labels[left]),
        validation=Split(train.images[held], train.labels[held]),
        sampling_indices=(np.cumsum(left, dtype=np.int32) - 1)[drawn].astype(np.int32),
    )
