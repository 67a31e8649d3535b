"""Images given as arrays: checked, with a clear line for each that can't be used, and split."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vae_jax.config.schema import DataConfig
from vae_jax.core.checked_arguments import checked_array
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import NO_IMAGES, Dataset, Images, Labels, Split, content_hashes, split_by_content

log = logging.getLogger("vae_jax")

ARRAYS = "arrays"  # their `config.data.name`
AT_ONCE = 1_000  # images that are rounded together
INEXACT = 0.1  # levels; 8-bit pixels stored as 16-bit floats are up to this far from multiples of 1/255
NO_CLASSES = ("images",)  # the class of images without labels


@dataclass(frozen=True)
class GivenArrays:
    """The caller's own images.

    Attributes:
        images: training images; without `test` or `validation`, these are held out of them.
        test, validation: test and validation images, or None.
        class_names: of all labels.
        rounded: whether pixels were rounded to multiples of 1/255.
    """

    images: Split
    test: Split | None
    validation: Split | None
    class_names: tuple[str, ...]
    rounded: bool

    def load(self, config: DataConfig) -> Dataset:
        """Return them as a data set; splits that are not given are held out by the settings.

        Raises:
            UserError: too few images differ, or validation images are both given and to be held out.
        """
        if self.validation is not None and config.validation_fraction:
            raise UserError(
                f"validation_images: given, and config.data.validation_fraction is {config.validation_fraction} too; "
                "leave one of them out"
            )
        if self.test is not None:
            train, test = self.images, self.test
        else:
            try:
                train, test = split_by_content(self.images.images, self.images.labels, config.test_fraction)
            except UserError:
                found = f"found no class with two different images among {len(self.images):,}"
                raise UserError(f"images: {found}; needs one, or test_images") from None
        given = {"test_images": self.test, "validation_images": self.validation}
        known = set(content_hashes(train.images)) if any(given.values()) else set[str]()
        for name, split in given.items():
            if split and (copies := sum(each in known for each in content_hashes(split.images))):
                log.warning("%s: %s of %s are copies of training images", name, f"{copies:,}", f"{len(split):,}")
        rounded = ", pixels rounded to 256 levels" if self.rounded else ""
        validation = NO_IMAGES if self.validation is None else self.validation
        source = f"images given as arrays{rounded}"
        return Dataset(ARRAYS, source, train, test, self.class_names, validation=validation)


def missing(config: DataConfig) -> Dataset:
    """Raise the `UserError` for arrays that were not given."""
    raise UserError(
        f"config.data.name={config.name}: needs images given as arrays, which are not stored: give them (the same ones "
        "again to continue a run) to vae_jax.train, sweep or evaluate(..., images=...)"
    )


def given_arrays(
    images: ArrayLike,
    labels: ArrayLike | None = None,
    test_images: ArrayLike | None = None,
    test_labels: ArrayLike | None = None,
    validation_images: ArrayLike | None = None,
    validation_labels: ArrayLike | None = None,
) -> GivenArrays:
    """Check the caller's images and labels.

    Args:
        images: `[n, height, width]` or `[n, height, width, channels]` with 1 or 3 channels, uint8 or floats in [0, 1].
        labels: `[n]`, the class of each image, whole numbers or texts; None: there are no classes.
        test_images, validation_images: of the same height, width and channels.
        test_labels, validation_labels: of each; given if `labels` are.

    Raises:
        UserError: one of them can't be used.
    """
    given = {"": (images, labels), "test_": (test_images, test_labels)}
    given["validation_"] = (validation_images, validation_labels)
    pixels: dict[str, Images] = {}
    named: dict[str, np.ndarray] = {}
    rounded = False
    for prefix, (found, of_each) in given.items():
        if found is None:
            if of_each is not None:
                raise UserError(f"{prefix}labels: found without {prefix}images; needs both")
            continue
        pixels[prefix], inexact = _checked_pixels(f"{prefix}images", found)
        rounded = rounded or inexact
        if pixels[prefix].shape[1:] != pixels[""].shape[1:]:
            size, wanted = pixels[prefix].shape[1:], pixels[""].shape[1:]
            raise UserError(f"{prefix}images: found images of shape {size}; needs {wanted}, as the training images")
        if (of_each is None) != (labels is None):
            side, other = (f"{prefix}labels", "labels") if of_each is None else ("labels", f"{prefix}labels")
            raise UserError(f"{side}: missing beside {other}; needs a class of each image, or none of any")
        if of_each is not None:
            named[prefix] = _checked_labels(f"{prefix}labels", of_each, len(pixels[prefix]))
    classes, numbers = _numbered(named)
    splits = {
        prefix: Split(each, numbers.get(prefix, np.zeros(len(each), np.int32))) for prefix, each in pixels.items()
    }
    return GivenArrays(splits[""], splits.get("test_"), splits.get("validation_"), classes, rounded)


def _numbered(labels: dict[str, np.ndarray]) -> tuple[tuple[str, ...], dict[str, Labels]]:
    """Return the names of the classes in sorted order, and the class numbers of the labels of each split."""
    if not labels:
        return NO_CLASSES, {}
    kinds = {prefix: "texts" if array.dtype.kind == "U" else "whole numbers" for prefix, array in labels.items()}
    for prefix, kind in kinds.items():
        if kind != kinds[""]:
            raise UserError(f"{prefix}labels: found {kind}; needs {kinds['']}, as labels")
    classes = np.unique(np.concatenate(list(labels.values())))
    found = {prefix: np.searchsorted(classes, array).astype(np.int32) for prefix, array in labels.items()}
    return tuple(map(str, classes.tolist())), found


def _checked_labels(name: str, found: Any, count: int) -> np.ndarray:
    """Return labels as an array of whole numbers or texts, `[count]`."""
    try:
        given = np.asarray(found)
        if given.dtype.kind == "O" and all(isinstance(each, str) for each in given.ravel()):
            given = given.astype(str)
        elif given.dtype.kind == "S":
            given = np.char.decode(given, "utf-8")
    except Exception:  # an object of another library may raise anything
        raise UserError(
            f"{name}: found {type(found).__name__}, which can't be converted to an array; needs one"
        ) from None
    if given.shape != (count,):
        hint = f"; for one-hot labels {name}.argmax(1)" if given.ndim == 2 and len(given) == count else ""
        raise UserError(f"{name}: found shape {given.shape} for {count:,} images; needs ({count},){hint}")
    if given.dtype.kind not in "iuUb":
        hint = f"; try {name}.astype(int)" if given.dtype.kind == "f" else ""
        raise UserError(f"{name}: found {given.dtype}; needs whole numbers or texts{hint}")
    return given.astype(str) if given.dtype.kind == "b" else given


def _checked_pixels(name: str, found: Any) -> tuple[Images, bool]:
    """Return images as uint8 `[n, height, width, channels]`, and whether floats were rounded for that."""
    given = checked_array(name, found)
    if given.dtype != np.uint8 and given.dtype.kind != "f":
        raise UserError(f"{name}: found {given.dtype}; needs uint8, or floats in [0, 1]{_type_hint(name, given)}")
    shaped = given[..., None] if given.ndim == 3 and given.shape[2] not in (1, 3) else given
    if shaped.ndim != 4 or not shaped.size or shaped.shape[3] not in (1, 3):
        raise UserError(
            f"{name}: found shape {given.shape}; needs (n, height, width) or (n, height, width, channels) with 1 or 3 "
            f"channels, and one image or more{_shape_hint(name, given.shape)}"
        )
    if shaped.dtype == np.uint8:
        return np.ascontiguousarray(shaped), False
    low, high = float(shaped.min()), float(shaped.max())  # NaN if any pixel is
    if not (np.isfinite(low) and np.isfinite(high)):
        k = int(np.flatnonzero(~np.isfinite(shaped).reshape(len(shaped), -1).all(axis=1))[0])
        wrong = shaped[k][~np.isfinite(shaped[k])][0]
        raise UserError(f"{name}: found {wrong} in image {k}; needs floats in [0, 1]")
    if low < 0 or high > 1:
        raise UserError(
            f"{name}: found floats from {low:.4g} to {high:.4g}; needs [0, 1]{_range_hint(name, low, high)}"
        )
    pixels, far = np.empty(shaped.shape, np.uint8), 0.0
    for k in range(0, len(shaped), AT_ONCE):
        levels = shaped[k : k + AT_ONCE].astype(np.float32) * 255
        pixels[k : k + AT_ONCE] = nearest = np.round(levels)
        far = max(far, float(np.abs(levels - nearest).max()))
    return pixels, far > INEXACT


def _type_hint(name: str, given: np.ndarray) -> str:
    if given.dtype.kind == "b":
        return f"; try {name}.astype(float)"
    if given.dtype.kind in "iu" and given.size and given.min() >= 0 and given.max() <= 255:
        return f"; try {name}.astype(numpy.uint8)"
    return ""


def _range_hint(name: str, low: float, high: float) -> str:
    if low >= 0 and high <= 255:
        return f"; try {name} / 255 if 255 is white"
    return f"; try ({name} + 1) / 2 if -1 is black" if low >= -1 and high <= 1 else ""


def _shape_hint(name: str, shape: Sequence[int]) -> str:
    if len(shape) == 4 and shape[1] in (1, 3):
        return f"; if channels come first, numpy.moveaxis({name}, 1, -1)"
    if len(shape) == 3 and shape[2] in (1, 3):
        return f"; for a single image {name}[None], for images {shape[2]} wide {name}[..., None]"
    if len(shape) == 2:
        side = round(shape[1] ** 0.5)
        square = f", such as {name}.reshape(-1, {side}, {side})" if side * side == shape[1] and side > 1 else ""
        return f"; rows of pixels must be reshaped{square}"
    if len(shape) == 4 and shape[3] == 4:
        return f"; remove the alpha channel by {name}[..., :3]"
    return ""
