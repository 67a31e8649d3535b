"""A data set made of photographs: prepared where it is not yet, then read in a moment."""

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
    kept_told,
    read_outcomes,
    skipped_told,
    split_told,
    unusable,
)
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.preparation import open_prepared, prepare_photos
from vae_jax.data.faces.photographs.recipe import Recipe, key_of
from vae_jax.data.formats.picture_builder import read_split
from vae_jax.data.formats.prepared_arrays import Arrays, prepared, text_array, text_value

log = logging.getLogger("vae_jax")


def prepared_folder(name: str, photos: Sequence[Photo], recipe: Recipe, config: DataConfig) -> Path:
    """Name the folder in which these photographs are, or will be, prepared by this recipe."""
    return config.prepared_folder / f"{name}-{key_of(photos, recipe)}"


def load_photos(name: str, photos: Sequence[Photo], recipe: Recipe, config: DataConfig) -> Dataset:
    """Prepare photographs, if they are not yet, and read them.

    Args:
        name: the data set's.
        photos: in the order in which their images shall stand.
        recipe: how they become images.
        config: says where to.

    Raises:
        UserError: too little can be used, or the prepared folder can't be used.
    """
    folder = prepared_folder(name, photos, recipe, config)
    prepare_photos(name, photos, recipe, folder)
    arrays = prepared(folder.parent, name, folder.name.removeprefix(f"{name}-"), lambda: _arrays(name, recipe, folder))
    skipped = str(text_value(arrays["skipped"]))
    if skipped:
        log.warning("%s: skipped %s; every file is named in %s", config.raw_folder, skipped, folder / TABLE)
    train, test = (Split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in ("train", "test"))
    names = text_value(arrays["class_names"])
    assert isinstance(names, list)
    mirrored = "; of those learnt from the mirror images too" if config.mirror else ""
    told = "".join(f"; {text}" for text in [text_value(arrays["split"])] if text)
    source = f"photographs in {plain(str(config.raw_folder))}: {text_value(arrays['kept'])}{told}{mirrored}"
    dataset = Dataset(name, source, train, test, tuple(names))
    if config.validation_fraction:
        groups = training_groups(read_outcomes(folder))
        if len(groups) != len(train):
            raise unusable(folder, ValueError(f"{TABLE} lists {len(groups):,} training pictures of {len(train):,}"))
        equal = bool(recipe.classes)
        dataset = with_validation(dataset, config.validation_fraction, equal_classes=equal, groups=groups)
    if not config.mirror:
        return dataset
    both = with_mirror_images(dataset.train)
    return replace(dataset, train=both, sampling_indices=np.arange(len(both), dtype=np.int32))


def training_groups(outcomes: Sequence[Outcome]) -> Int32[np.ndarray, " n"]:
    """Number the training pictures such that those that are nearly identical have one number, all others their own."""
    names = [o.group or f"alone {k}" for k, o in enumerate(outcomes) if o.split == "train" and not o.reason]
    groups: Int32[np.ndarray, " n"] = np.unique(names, return_inverse=True)[1].astype(np.int32)
    return groups


def _arrays(name: str, recipe: Recipe, folder: Path) -> Arrays:
    outcomes = read_outcomes(folder)
    try:
        names = class_names([outcome.photo for outcome in outcomes if not outcome.reason])
        builder = open_prepared(name, recipe, names, folder)
        splits = {split: read_split(builder, split) for split in ("train", "test")}
    except Exception as error:  # TFDS raises many kinds where its folder is damaged
        raise unusable(folder, error) from None
    images = {f"{split}_images": images for split, (images, _) in splits.items()}
    labels = {f"{split}_labels": labels for split, (_, labels) in splits.items()}
    words = {
        "class_names": list(names),
        "kept": kept_told(outcomes),
        "skipped": skipped_told(outcomes),
        "split": split_told(outcomes, equal_classes=bool(recipe.classes)),
    }
    return {**images, **labels, **{word: text_array(value) for word, value in words.items()}}
