"""Sheets of images for notebooks."""

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vae_jax.core.checked_arguments import checked_array, checked_whole
from vae_jax.core.errors import UserError

SHOWN = 720  # approximate width of a row of images, in pixels


def sheet(images: ArrayLike, columns: int = 12) -> Any:
    """Arrange images in rows on white, each enlarged by a whole number.

    Args:
        images: uint8 `[n, height, width, channels]`, grey (1 channel) or colour (3).
        columns: images in a row.

    Returns:
        a Pillow image; a notebook shows it.

    Raises:
        UserError: the shape or type is wrong, or there are no images or no columns.
    """
    from PIL import Image

    from vae_jax.figures.canvas import tile

    given = checked_array("images", images)
    if given.ndim != 4 or given.dtype != np.uint8 or given.shape[3] not in (1, 3) or not given.size:
        raise UserError(f"images: found {given.dtype} {given.shape}; needs uint8 (n, height, width, 1 or 3), n > 0")
    across = min(checked_whole("columns", columns, 1, sys.maxsize), len(given))
    scale = max(1, round(SHOWN / (max(across, 6) * given.shape[2])))  # a few images need not fill the page
    return Image.fromarray(tile(given, across, 2, scale))


def strip(images: ArrayLike) -> Any:
    """Arrange images in one row; otherwise as `sheet`."""
    return sheet(images, sys.maxsize)
