"""Data sets of photographs: prepared if needed, then read from the cache."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from vae_jax.config.schema import DataConfig
from vae_jax.data.dataset import Dataset, Split, with_mirror_images, with_validation
from vae_jax.data.faces.photographs.outcomes import (
    TABLE,
    Outcome,
    class_names,
    describe_kept,
    describe_skipped,
    describe_split,
    read_outcomes,
    unusable,
)
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.preparation import NoUsablePhotosError, open_prepared, prepare_photos
from vae_jax.data.faces.photographs.recipe import Recipe, key_of
from vae_jax.data.formats.picture_builder import read_splits
from vae_jax.data.formats.prepared_arrays import Arrays, prepared, text_array, text_value

log = logging.getLogger("vae_jax")


def prepared_folder(name: str, photos: Sequence[Photo], recipe: Recipe, config: DataConfig) -> Path:
    """Return the folder for these photographs prepared by this recipe."""
    return config.prepared_folder / f"{name}-{key_of(photos, recipe)}"


def prepare_dataset(name: str, photos: Sequence[Photo], recipe: Recipe, config: DataConfig) -> Path:
    """Prepare photographs, unless they are prepared, and return their folder; see `prepare_photos`."""
    folder = prepared_folder(name, photos, recipe, config)
    try:
        prepare_photos(name, photos, recipe, folder)
    except NoUsablePhotosError as error:
        raise NoUsablePhotosError(f"{config.raw_folder}: {error}") from None
    return folder


def load_photos(name: str, photos: Sequence[Photo], recipe: Recipe, config: DataConfig) -> Dataset:
    """Prepare photographs, unless they are prepared, and read them; the arguments are those of `prepare_photos`.

    Raises:
        UserError: too few photographs can be used, or the prepared folder can't be used.
    """
    folder = prepare_dataset(name, photos, recipe, config)
    arrays = prepared(folder.parent, name, folder.name.removeprefix(f"{name}-"), lambda: _arrays(name, recipe, folder))
    if skipped := text_value(arrays["skipped"]):
        log.warning("%s: skipped %s; every file is named in %s", config.raw_folder, skipped, folder / TABLE)
    train, test = (Split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in ("train", "test"))
    mirrored = "training images also mirrored" if config.mirror else ""
    details = filter(None, [text_value(arrays["kept"]), text_value(arrays["split"]), mirrored])
    source = f"photographs in {plain(str(config.raw_folder))}: {'; '.join(details)}"
    dataset = Dataset(name, source, train, test, tuple(text_value(arrays["class_names"])))
    if config.validation_fraction:
        groups = _training_groups(read_outcomes(folder))
        if len(groups) != len(train):
            raise unusable(folder, ValueError(f"{TABLE} lists {len(groups):,} training pictures of {len(train):,}"))
        equal = bool(recipe.classes)
        dataset = with_validation(dataset, config.validation_fraction, equal_classes=equal, groups=groups)
    if config.mirror:
        both = with_mirror_images(dataset.train)
        dataset = replace(dataset, train=both, sampling_indices=np.arange(len(both), dtype=np.int32))
    return dataset


def _training_groups(outcomes: Sequence[Outcome]) -> Int32[np.ndarray, " n"]:
    """Return the group of each training picture: near-identical pictures have the same number."""
    names = [o.group or f"alone {k}" for k, o in enumerate(outcomes) if o.split == "train" and not o.reason]
    groups: Int32[np.ndarray, " n"] = np.unique(names, return_inverse=True)[1].astype(np.int32)
    return groups


def _arrays(name: str, recipe: Recipe, folder: Path) -> Arrays:
    outcomes = read_outcomes(folder)
    try:
        names = class_names([outcome.photo for outcome in outcomes if not outcome.reason])
        builder = open_prepared(name, recipe, names, folder)
        arrays = read_splits(builder)
    except Exception as error:  # TFDS may raise anything if its folder is damaged
        raise unusable(folder, error) from None
    words = {
        "class_names": list(names),
        "kept": describe_kept(outcomes),
        "skipped": describe_skipped(outcomes),
        "split": describe_split(outcomes, equal_classes=bool(recipe.classes)),
    }
    return {**arrays, **{word: text_array(value) for word, value in words.items()}}
