"""Any folder of pictures, taken as they are: the central square of each; its subfolders are classes or splits."""

import logging

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.progress import Progress
from vae_jax.data.dataset import Dataset
from vae_jax.data.faces.photographs.folders import find_pictures, splits_told
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.preparation import NoUsablePhotosError
from vae_jax.data.faces.photographs.recipe import Recipe, recipe_of
from vae_jax.data.faces.photographs.source import load_photos

log = logging.getLogger("vae_jax")


def plan(config: DataConfig) -> tuple[list[Photo], Recipe]:
    """Find the pictures of the raw folder, and say how they become images.

    Raises:
        UserError: the folder isn't there, or has no pictures.
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


def told(photos: list[Photo], config: DataConfig) -> str:
    """Say in one line what was guessed from the folders' names, and the flag that overrules it; '' for nothing."""
    return splits_told(photos, config.layout)


def load(config: DataConfig) -> Dataset:
    """Return the pictures of the raw folder.

    Raises:
        UserError: there is no folder of usable pictures.
    """
    photos, recipe = plan(config)
    if said := told(photos, config):
        log.info("%s", said)
    try:
        return load_photos("photos", photos, recipe, config)
    except NoUsablePhotosError as error:
        raise UserError(f"{config.raw_folder}: {error}") from None
