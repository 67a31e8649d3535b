"""The recipe by which photographs become images."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.contrast import CONTRASTS
from vae_jax.data.faces.alignment import TEMPLATE, Face, align_face, cut_square
from vae_jax.data.faces.photographs.photo import Photo
from vae_jax.data.formats.picture_files import read_reduced

VERSION = "2"  # of the preparation; raise it when the same files give other images


@dataclass(frozen=True)
class Recipe:
    """Settings of the preparation.

    Attributes:
        size: height and width, in pixels.
        colour: three channels; else grey.
        contrast: a name in `CONTRASTS`.
        test_fraction: the share of test images.
        classes: required classes, of which equally many are held out; (): any classes.
    """

    size: int
    colour: bool
    contrast: str
    test_fraction: float
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.size, self.size, 3 if self.colour else 1


def recipe_of(config: DataConfig, classes: tuple[str, ...] = ()) -> Recipe:
    """Read the recipe from a config.

    Raises:
        UserError: the contrast is unknown.
    """
    _ = CONTRASTS[config.contrast]
    return Recipe(config.image_size, config.colour, config.contrast, config.test_fraction, classes)


def key_of(photos: Sequence[Photo], recipe: Recipe) -> str:
    """Return a hash of the photographs, the sizes and times of their files, and the recipe."""
    digest = hashlib.sha256(f"{VERSION} {recipe}".encode())
    for photo in photos:
        digest.update(f"{photo}{_stamp(photo.path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):  # missing, or not a possible name of a file
        return None
    return stat.st_size, stat.st_mtime_ns


def make_face(photo: Photo, recipe: Recipe) -> Face:
    """Read a photograph and cut its face, or its central square.

    Raises:
        UnusablePictureError: it can't be read, or its eyes and nose are not found or can't be used.
    """
    if photo.fault:
        raise UnusablePictureError(photo.fault)
    picture, reduced = read_reduced(photo.path, colour=recipe.colour)
    if photo.marks is None:
        return CONTRASTS[recipe.contrast](cut_square(picture, recipe.size))
    return CONTRASTS[recipe.contrast](align_face(picture, photo.marks.points(picture, reduced), recipe.size, TEMPLATE))
