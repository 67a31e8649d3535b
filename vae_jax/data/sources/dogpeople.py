"""Faces of people and dogs, as in the post: aligned, half of each by sampling."""

import logging
from dataclasses import replace

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.progress import Progress
from vae_jax.data.dataset import Dataset, balanced_indices
from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.faces.photographs.layouts import find_faces, layouts_told
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
    """Find the photographs of the raw folder, and say how they become images.

    Raises:
        UserError: the user named a folder that isn't there, or a table in it can't be read.
    """
    raw = config.raw_folder
    if config.raw_folder_named and not raw.is_dir():
        raise UserError(f"{raw}: no such folder; {NEEDS}, or leave config.data.raw_dir and VAE_JAX_RAW unset")
    if not raw.is_dir():
        return [], recipe_of(config, CLASSES)
    with Progress(f"looking for photographs in {plain(str(raw))}"):
        photos = find_faces(raw, config.prepared_folder, config.layout)
    if not config.raw_folder_named and not any(photo.fault or is_picture(photo.path) for photo in photos):
        photos = []  # what lies in the usual folder is for other data sets
    return photos, recipe_of(config, CLASSES)


def told(photos: list[Photo], config: DataConfig) -> str:
    """Say in one line how the folders were taken to be laid out, and the flag that overrules it; '' for nothing."""
    return layouts_told(photos, config.raw_folder)


def load(config: DataConfig) -> Dataset:
    """Return aligned faces from the raw folder's photographs, or drawn ones where there is no raw folder.

    Raises:
        UserError: the user named a raw folder and it has no usable people, or no usable dogs.
    """
    photos, recipe = plan(config)
    if not photos and not config.raw_folder_named:
        return _drawn(config)
    if said := told(photos, config):
        log.info("%s", said)
    try:
        dataset = load_photos("dogpeople", photos, recipe, config)
    except NoUsablePhotosError as error:
        raise UserError(f"{config.raw_folder}: {error}; {NEEDS}") from None
    return replace(dataset, sampling_indices=balanced_indices(dataset.train.labels), template=TEMPLATE)


def _drawn(config: DataConfig) -> Dataset:
    from vae_jax.data.sources.drawn_faces import load as load_drawn

    notice = f"These faces are drawn by the program, not photographs. With photographs: {COMMAND}"
    return replace(load_drawn(config), name="dogpeople", notice=notice)
