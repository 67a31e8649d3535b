"""Any folder of pictures: the central square of each; its subfolders are classes or splits."""

import logging

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.progress import Progress
from vae_jax.data.dataset import Dataset
from vae_jax.data.faces.photographs.folders import describe_splits, find_pictures
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.recipe import Recipe, recipe_of
from vae_jax.data.faces.photographs.source import load_photos

log = logging.getLogger("vae_jax")


def plan(config: DataConfig) -> tuple[list[Photo], Recipe]:
    """Return the pictures of the raw folder, and the recipe by which they become images.

    Raises:
        UserError: the folder doesn't exist, or has no pictures.
    """
    raw = config.raw_folder
    if not config.raw_folder_named:
        raise UserError("config.data.raw_dir: missing; needs a folder of pictures, its subfolders being the classes")
    if not raw.is_dir():
        raise UserError(f"config.data.raw_dir: found no folder {str(raw)!r}; needs one of pictures")
    with Progress(f"looking for pictures in {plain(str(raw))}"):
        photos = find_pictures(raw, config.prepared_folder, config.layout)
    if not photos:
        raise UserError(f"{raw}: found no pictures, here or in folders below")
    return photos, recipe_of(config)


def describe_guess(photos: list[Photo], config: DataConfig) -> str:
    """Describe the guess that folders are splits, with the flag that overrules it; '' if nothing was guessed."""
    return describe_splits(photos, config.layout)


def load(config: DataConfig) -> Dataset:
    """Return the pictures of the raw folder as a data set.

    Raises:
        UserError: there is no folder of usable pictures.
    """
    photos, recipe = plan(config)
    if guess := describe_guess(photos, config):
        log.info("%s", guess)
    return load_photos("photos", photos, recipe, config)
