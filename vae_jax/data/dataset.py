"""The one form that every data source takes."""

import hashlib
import logging
from collections.abc import Sized
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int32, UInt8

from vae_jax.data.faces.alignment import Template
from vae_jax.data.grouped_split import content_keys, held_out, too_large, too_large_told

log = logging.getLogger("vae_jax")

Images = UInt8[np.ndarray, "n height width channels"]
Labels = Int32[np.ndarray, " n"]

SHOWN_CLASSES = 10  # by name, in one line


@dataclass(frozen=True)
class Split:
    """Images and the class of each: uint8 `[n, height, width, channels]` and int32 `[n]`."""

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        """Check what the types can't say."""
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(f"images: {self.images.dtype}{self.images.shape}, not uint8 [n, h, w, c]")
        if self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"labels: {self.labels.shape} for {len(self.images)} images")

    def __repr__(self) -> str:
        """Say how many images of what size there are, in one line."""
        return f"Split({len(self):,} images {self.images.shape[1:]})"

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Dataset:
    """Images to learn from, images to choose by and images to be evaluated on.

    Attributes:
        name: what `config.data.name` says.
        source: where the images came from, as one phrase for logs, reports and figures.
        train: the images to learn from.
        test: the images to be evaluated on; none of their contents is in `train`.
        class_names: the name of each label, in the labels' order.
        sampling_indices: into `train`, each as often as its image shall be drawn in one pass over the data.
        notice: one line to show wherever the data are shown (what stands in for what), or ''.
        template: where eyes and nose lie in the images, if they are faces laid over each other.
        validation: the images to choose members by, none of whose contents is in `train`; often there are none.
    """

    name: str
    source: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    sampling_indices: Int32[np.ndarray, " m"] = field(default_factory=lambda: np.zeros(0, np.int32))
    notice: str = ""
    template: Template | None = None
    validation: Split = field(default_factory=lambda: Split(np.zeros((0, 1, 1, 1), np.uint8), np.zeros(0, np.int32)))

    def __post_init__(self) -> None:
        """Draw every training image once where nothing else was said."""
        if not len(self.sampling_indices):
            object.__setattr__(self, "sampling_indices", np.arange(len(self.train), dtype=np.int32))

    def __repr__(self) -> str:
        """Say what it is in one line."""
        count, classes = len(self.class_names), ", ".join(self.class_names[:SHOWN_CLASSES])
        more = f" and {count - SHOWN_CLASSES:,} more" if count > SHOWN_CLASSES else ""
        return f"Dataset({self.name}: {self.counts} {self.image_shape}; {classes}{more})"

    @property
    def counts(self) -> str:
        """How many images there are, as a phrase."""
        validation = f", {len(self.validation):,} validation" if len(self.validation) else ""
        return f"{len(self.train):,} training{validation} and {len(self.test):,} test images"

    @property
    def held_out(self) -> dict[str, Split]:
        """The splits that models are evaluated on, by name: `validation`, where there are such images, and `test`."""
        return {**({"validation": self.validation} if len(self.validation) else {}), "test": self.test}

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width in pixels, and channels."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all the images, labels and draws: equal exactly where the data are."""
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
        """A hash of the test images: of data sets where it is equal, what is measured on them compares."""
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
    """Add the mirror image of every image, after all of them."""
    return Split(np.concatenate([split.images, split.images[:, :, ::-1]]), np.tile(split.labels, 2))


@runtime_checkable
class Sizes(Protocol):
    """What the planning of a run asks of a data set: how large its images are, and how many there are."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width in pixels, and channels."""

    @property
    def sampling_indices(self) -> Sized:
        """One for each image of a pass over the training images."""

    @property
    def test(self) -> Sized:
        """The test images."""

    @property
    def validation(self) -> Sized:
        """The validation images; there may be none."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each label."""


def balanced_indices(labels: Labels) -> Int32[np.ndarray, " m"]:
    """Indices in which every class comes equally often: the rarer ones repeat.

    Args:
        labels: the class of each image, `[n]`; classes that don't occur are left out.

    Returns:
        `[classes * largest class]` indices into `labels`.
    """
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    size = max(len(group) for group in groups)
    return np.concatenate([np.resize(group, size) for group in groups]).astype(np.int32)


def content_hashes(images: Images) -> list[str]:
    """One hash for the content of each image: copies have the same."""
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def split_by_content(
    images: Images,
    labels: Labels,
    test_fraction: float,
    *,
    equal_classes: bool = False,
    groups: Labels | None = None,
) -> tuple[Split, Split]:
    """Split into train and test so that copies of an image lie on one side.

    The side depends on the images' content alone, never on their order. Copies within a side are kept. What can't be
    held out as asked for is logged; see `grouped_split.held_out`.

    Args:
        images: `[n, height, width, channels]`.
        labels: `[n]`.
        test_fraction: the share of each class that becomes test images, in (0, 1).
        equal_classes: take as many test images from every class as from the smallest.
        groups: `[n]`, such as patients, people or breeds; images of one group lie on one side too.

    Returns:
        train and test.

    Raises:
        UserError: no class has two images that differ (and are of two groups).
    """
    keys = content_keys(content_hashes(images), groups)
    in_test = held_out(keys, labels, test_fraction, equal_classes=equal_classes)
    if told := too_large_told(too_large(keys, labels, in_test)):
        log.warning("data: %s", told)
    return Split(images[~in_test], labels[~in_test]), Split(images[in_test], labels[in_test])


def with_validation(
    dataset: Dataset, fraction: float, *, equal_classes: bool = False, groups: Labels | None = None
) -> Dataset:
    """Hold out a share of the training images to choose by, as `split_by_content` does.

    Args:
        dataset: one without validation images.
        fraction: the share of each class of the training images, in (0, 1).
        equal_classes, groups: as in `split_by_content`, of the training images.

    Returns:
        the same with fewer training images; what was drawn of those left is drawn as before.

    Raises:
        UserError: no class has two images that differ (and are of two groups).
    """
    train = dataset.train
    keys = content_keys(content_hashes(train.images), groups)
    held = held_out(keys, train.labels, fraction, equal_classes=equal_classes)
    if told := too_large_told(too_large(keys, train.labels, held)):
        log.warning("data: for validation %s", told)
    return without_training_images(dataset, held)


def without_training_images(dataset: Dataset, held: Bool[np.ndarray, " n"]) -> Dataset:
    """Make some of the training images validation images.

    Args:
        dataset: one without validation images.
        held: of each training image, whether it is one of them.
    """
    train, left = dataset.train, ~held
    drawn = dataset.sampling_indices[left[dataset.sampling_indices]]
    return replace(
        dataset,
        train=Split(train.images[left], train.labels[left]),
        validation=Split(train.images[held], train.labels[held]),
        sampling_indices=(np.cumsum(left, dtype=np.int32) - 1)[drawn].astype(np.int32),
    )
