"""Aligned faces of people and dogs, as in the post; both classes are drawn equally often."""

import logging
from dataclasses import replace

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.progress import Progress
from vae_jax.data.dataset import Dataset, balanced_indices
from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.faces.photographs.layouts import describe_layouts, find_faces
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.preparation import NoUsablePhotosError
from vae_jax.data.faces.photographs.recipe import Recipe, recipe_of
from vae_jax.data.faces.photographs.source import load_photos
from vae_jax.data.formats.picture_files import is_picture

log = logging.getLogger("vae_jax")

CLASSES = ("people", "dogs")
COMMAND = "python -m vae_jax.main --config=configs/dogpeople.py --config.data.raw_dir=FOLDER"
NEEDS = "needs people (such as UTKFace or LFW) and dogs (such as CU_Dogs, or any with a landmarks.csv)"


def plan(config: DataConfig) -> tuple[list[Photo], Recipe]:
    """Return the photographs of the raw folder, and the recipe by which they become images.

    Raises:
        UserError: the given folder doesn't exist, or a table in it can't be read.
    """
    raw = config.raw_folder
    if config.raw_folder_named and not raw.is_dir():
        raise UserError(f"{raw}: no such folder; {NEEDS}, or leave config.data.raw_dir and VAE_JAX_RAW unset")
    with Progress(f"looking for photographs in {plain(str(raw))}"):
        photos = find_faces(raw, config.prepared_folder, config.layout) if raw.is_dir() else []
    if not config.raw_folder_named and not any(photo.fault or is_picture(photo.path) for photo in photos):
        photos = []  # the default folder has files of other data sets only
    return photos, recipe_of(config, CLASSES)


def describe_guess(photos: list[Photo], config: DataConfig) -> str:
    """Describe the layouts that were guessed, with the flag that overrules them; '' if nothing was guessed."""
    return describe_layouts(photos, config.raw_folder)


def load(config: DataConfig) -> Dataset:
    """Return aligned faces of the raw folder's photographs, or drawn faces if there is no raw folder.

    Raises:
        UserError: the given raw folder has no usable people, or no usable dogs.
    """
    photos, recipe = plan(config)
    if not photos and not config.raw_folder_named:
        from vae_jax.data.sources.drawn_faces import load as load_drawn

        notice = f"These faces are drawn by the program, not photographs. With photographs: {COMMAND}"
        return replace(load_drawn(config), name="dogpeople", notice=notice)
    if guess := describe_guess(photos, config):
        log.info("%s", guess)
    try:
        dataset = load_photos("dogpeople", photos, recipe, config)
    except NoUsablePhotosError as error:
        raise UserError(f"{error}; {NEEDS}") from None
    return replace(dataset, sampling_indices=balanced_indices(dataset.train.labels), template=TEMPLATE)
