"""Images laid out as one picture, for notebooks to show."""

from typing import Any

import numpy as np

from vae_jax.errors import UserError

SHOWN = 720  # pixels that a row of images is enlarged to, about


def sheet(images: np.ndarray, columns: int = 12) -> Any:
    """Lay images out in rows on white, each enlarged by a whole number.

    Args:
        images: uint8 `[n, height, width, channels]`, grey (1 channel) or colour (3).
        columns: images in a row.

    Returns:
        a Pillow image; a notebook shows it.

    Raises:
        UserError: the images are not of that form, or there are none, or no columns.
    """
    from PIL import Image

    from vae_jax.figures.canvas import tile

    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3) or not len(images):
        raise UserError(f"images: found {images.dtype} {images.shape}; needs uint8 (n, height, width, 1 or 3), n > 0")
    if columns < 1:
        raise UserError(f"columns: found {columns}; needs at least 1")
    across = min(columns, len(images))
    scale = max(1, round(SHOWN / (max(across, 6) * images.shape[2])))  # a few images need not fill the page
    return Image.fromarray(tile(images, across, 2, scale))


def strip(images: np.ndarray) -> Any:
    """Lay images out in one row, each enlarged by a whole number.

    Args:
        images: uint8 `[n, height, width, channels]`, grey (1 channel) or colour (3).

    Returns:
        a Pillow image; a notebook shows it.

    Raises:
        UserError: the images are not of that form, or there are none.
    """
    return sheet(images, max(1, len(images)))
