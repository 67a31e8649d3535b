"""Image data sets that TensorFlow Datasets has prepared on this disk: `tfds:NAME`, or `tfds:NAME/CONFIG:VERSION`."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.plain_text import reason
from vae_jax.core.progress import Progress
from vae_jax.data.dataset import NO_IMAGES, Dataset, Images, Labels, Split, split_by_content
from vae_jax.data.formats.picture_builder import rows_of
from vae_jax.data.formats.prepared_arrays import Arrays, prepared, text_array, text_value

INFO, FEATURES = "dataset_info.json", "features.json"
SPLITS = ("train", "validation", "test")
ONE_CLASS = ("images",)


class PreparedVersion(NamedTuple):
    """A prepared version of a data set: its config (or ''), its version and its folder."""

    config: str
    version: str
    folder: Path


def load(config: DataConfig) -> Dataset:
    """Return a data set that TFDS has prepared, with its splits `train`, `validation` and `test`.

    Without a split `test`, `config.test_fraction` of the training images is held out.

    Raises:
        UserError: there is no such data set, it can't be read here, or its images are not all of one size.
    """
    found = find_prepared(config.name, config.tfds_folder)
    name = re.sub(r"\W+", "_", config.name)
    arrays = prepared(config.prepared_folder, name, _key_of(found.folder), lambda: _read_prepared(found.folder))
    splits = {
        split: Split(arrays[f"{split}_images"], arrays[f"{split}_labels"])
        for split in SPLITS
        if f"{split}_images" in arrays
    }
    names = tuple(text_value(arrays["class_names"]))
    train, test = splits["train"], splits.get("test")
    if test is None:
        train, test = split_by_content(train.images, train.labels, config.test_fraction)
    source = f"prepared by TFDS in {found.folder}, its splits {', '.join(splits)}"
    return Dataset(config.name, source, train, test, names, validation=splits.get("validation", NO_IMAGES))


def find_prepared(asked: str, home: Path) -> PreparedVersion:
    """Find a prepared data set; of several versions the newest.

    Args:
        asked: `tfds:NAME`, `tfds:NAME/CONFIG`, `tfds:NAME:VERSION` or `tfds:NAME/CONFIG:VERSION`.
        home: the folder in which TFDS has prepared data sets.

    Raises:
        UserError: it doesn't exist, or has several configs and `asked` has none.
    """
    parts = re.fullmatch(r"tfds:(\w+)(?:/([\w.+-]+))?(?::(\d+\.\d+\.\d+))?", asked)
    if parts is None:
        raise UserError(f"config.data.name: found {asked!r}; needs tfds:NAME or tfds:NAME/CONFIG:VERSION")
    name, wanted, version = parts.groups()
    versions = _versions(home)
    there = versions.get(name, [])
    if not there:
        known = f"there are {', '.join(versions)}" if versions else "none is there"
        raise UserError(
            f"config.data.name: found {asked!r}, which is not prepared in {home} ({known}); prepare it with TFDS, or "
            f"set config.data.tfds_dir or TFDS_DATA_DIR{nearest(name, versions)}"
        )
    fitting = [each for each in there if wanted in (None, each.config) and version in (None, each.version)]
    names = ", ".join(f"{name}{'/' if each.config else ''}{each.config}:{each.version}" for each in there)
    if not fitting:
        raise UserError(f"config.data.name: found {asked!r}; of {name} there are {names} in {home}")
    if len({each.config for each in fitting}) > 1:
        raise UserError(f"config.data.name: found {asked!r}; say which config: there are {names} in {home}")
    return max(fitting, key=lambda each: tuple(map(int, each.version.split("."))))


def _versions(home: Path) -> dict[str, list[PreparedVersion]]:
    """Return the versions at NAME/VERSION and NAME/CONFIG/VERSION by name, in sorted order."""
    versions: dict[str, list[PreparedVersion]] = {}
    for folder in sorted(path.parent for depth in ("*/*", "*/*/*") for path in home.glob(f"{depth}/{INFO}")):
        name, *config, version = folder.relative_to(home).parts
        if re.fullmatch(r"\d+\.\d+\.\d+", version):
            versions.setdefault(name, []).append(PreparedVersion("".join(config), version, folder))
    return versions


def _key_of(folder: Path) -> str:
    """Return a hash of the names, sizes and times of the files of a prepared data set."""
    stats = [(path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file()]
    facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr((str(folder), facts)).encode()).hexdigest()[:16]


def _read_prepared(folder: Path) -> Arrays:
    """Read the class names, and the images and labels of each split."""
    try:
        info = json.loads((folder / INFO).read_text(encoding="utf-8"))
        file_format = str(info.get("fileFormat") or "tfrecord")
        names = [split["name"] for split in info["splits"]]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unusable(folder, error) from None
    if "train" not in names:
        raise UserError(f"{folder}: found no split train (there are {', '.join(names) or 'none'}); needs one")
    if file_format != "array_record" and find_spec("tensorflow") is None:
        raise UserError(
            f"{folder}: its files are {file_format}, which TFDS reads with TensorFlow only; install tensorflow, or "
            "prepare it with file_format='array_record'"
        )
    if not (folder / FEATURES).is_file():
        raise UserError(f"{folder}: found no {FEATURES}; prepare it again with a TFDS that writes it")
    try:
        with Progress("loading TensorFlow Datasets"):
            logging.getLogger("absl").setLevel(logging.ERROR)
            import tensorflow_datasets as tfds
        builder: Any = tfds.builder_from_directory(str(folder))
        labels = _class_names(folder, builder.info.features, tfds.features)
        arrays: dict[str, np.ndarray] = {"class_names": text_array(list(labels or ONE_CLASS))}
        for split in (split for split in SPLITS if split in names):
            images, classes = _read_split(folder, builder, split, file_format, labelled=labels is not None)
            if not len(images) and split == "train":
                raise UserError(f"{folder}: found no training images")
            arrays |= {f"{split}_images": images, f"{split}_labels": classes} if len(images) else {}
    except UserError:
        raise
    except Exception as error:  # TFDS may raise anything if its folder is damaged
        raise _unusable(folder, error) from None
    shapes = {name: array.shape[1:] for name, array in arrays.items() if name.endswith("_images")}
    if len(set(shapes.values())) > 1:
        raise UserError(f"{folder}: found images of several sizes ({_listed(set(shapes.values()))}); needs one size")
    return arrays


def _unusable(folder: Path, error: Exception) -> UserError:
    return UserError(f"{folder}: can't be read ({reason(error)}); prepare it again with TFDS")


def _class_names(folder: Path, features: Any, kinds: Any) -> list[str] | None:
    """Return the names of the classes; None if there are no labels."""
    held = dict(features.items()) if hasattr(features, "items") else {}
    known = ", ".join(f"{name} ({type(feature).__name__})" for name, feature in held.items())
    image, label = held.get("image"), held.get("label")
    if not isinstance(image, kinds.Image):
        raise UserError(f"{folder}: found the features {known or type(features).__name__}; needs an Image named image")
    if image.np_dtype != np.uint8 or image.shape[-1] not in (1, 3):
        raise UserError(f"{folder}: found images {image.np_dtype} {image.shape}; needs uint8 with 1 or 3 channels")
    if label is None:
        return None
    if not isinstance(label, kinds.ClassLabel):
        raise UserError(f"{folder}: found the feature label as {type(label).__name__}; needs a ClassLabel, or no label")
    return list(label.names)


def _read_split(folder: Path, builder: Any, split: str, file_format: str, *, labelled: bool) -> tuple[Images, Labels]:
    count = int(builder.info.splits[split].num_examples)
    images, labels = np.empty(0, np.uint8), np.zeros(count, np.int32)
    with Progress(f"reading the {split} images", count, unit="image") as progress:
        for k, row in enumerate(_rows(builder, split, file_format)):
            image = np.asarray(row["image"])
            if not k:
                images = np.empty((count, *image.shape), np.uint8)
            if image.shape != images.shape[1:]:
                sizes = _listed({image.shape, images.shape[1:]})
                raise UserError(f"{folder}: found images of several sizes ({sizes}, ...); needs one size")
            images[k] = image
            labels[k] = row["label"] if labelled else 0
            progress.advance()
    if (labels < 0).any():
        raise UserError(f"{folder}: found {split} images without a class; needs one for each")
    return images, labels


def _rows(builder: Any, split: str, file_format: str) -> Iterator[Any]:
    """Yield the examples of a split in order."""
    if file_format != "array_record":
        import tensorflow_datasets as tfds

        yield from tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))
        return
    yield from rows_of(builder.as_data_source(split=split))


def _listed(shapes: set[tuple[int, ...]]) -> str:
    return ", ".join(map(str, sorted(shapes)))
