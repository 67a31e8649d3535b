"""Laying faces over each other: eyes on eyes, nose on nose, people and dogs alike."""

import math

import numpy as np
from jaxtyping import Float, UInt8

from vae_jax.core.errors import UnusablePictureError

Points = Float[np.ndarray, "3 2"]
Picture = UInt8[np.ndarray, "height width channels"]
Face = UInt8[np.ndarray, "size size channels"]
# Left eye, right eye (as seen) and nose, each x, y in widths and heights of a picture.
Template = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# The places that they have in UTKFace's aligned faces, so that people need no landmarks.
TEMPLATE: Template = ((0.285, 0.29), (0.715, 0.29), (0.5, 0.52))


def cut_square(picture: Picture, size: int) -> Face:
    """Cut the central square and average it down (or interpolate it up) to `size` pixels."""
    from PIL import Image

    height, width, channels = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    image = Image.fromarray(square if channels == 3 else square[..., 0])
    how = Image.Resampling.BOX if size <= side else Image.Resampling.BICUBIC
    return np.asarray(image.resize((size, size), how)).reshape(size, size, channels)


def landmark_fault(points: Points, height: int, width: int) -> str:
    """Say what makes landmarks useless for alignment, or ''.

    Args:
        points: left eye, right eye, nose as x, y in pixels.
        height, width: of the picture, in pixels.
    """
    if not np.isfinite(points).all():
        return "landmarks missing"
    if (points < 0).any() or (points[:, 0] > width).any() or (points[:, 1] > height).any():
        return "landmarks outside the picture"
    across, down = points[1] - points[0], points[2] - points[0]
    if np.linalg.norm(across) < 4:
        return "eyes less than 4 pixels apart"
    if across[0] * down[1] <= across[1] * down[0]:
        return "nose not below the eyes, or left and right eye swapped"
    return ""


def align_face(picture: Picture, points: Points, size: int, template: Template = TEMPLATE) -> Face:
    """Turn, scale and shift a picture so that its landmarks come nearest to the template's, in least squares.

    Args:
        picture: uint8.
        points: left eye, right eye, nose as x, y in pixels from the top left corner.
        size: of the face picture, in pixels; beyond the picture's border it is mirrored.
        template: where the landmarks shall lie.

    Raises:
        UnusablePictureError: the landmarks are of no use; see `landmark_fault`.
    """
    from PIL import Image
    from skimage.transform import SimilarityTransform

    if fault := landmark_fault(points, *picture.shape[:2]):
        raise UnusablePictureError(fault)
    transform = SimilarityTransform.from_estimate(points, np.array(template) * size)
    # Down-sampling averages over the area of a pixel: so many samples across as there are pixels beneath it.
    fine = max(1, math.ceil(1 / transform.scale - 0.01))
    to_picture = transform.inverse.params @ np.diag([1 / fine, 1 / fine, 1])
    corners = (transform.inverse(size * np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))).astype(int)
    patch, left, top = _patch(picture, corners.min(0) - 2, corners.max(0) + 3)
    to_picture[:2, 2] -= (left, top)
    image = Image.fromarray(patch if patch.shape[2] == 3 else patch[..., 0])
    if abs(transform.rotation) < 1e-6 and fine > 2:  # an upright square of many pixels: Pillow averages quicker
        near, far = to_picture @ [0, 0, 1], to_picture @ [size * fine, size * fine, 1]
        face = image.resize((size, size), Image.Resampling.BOX, (*near[:2], *far[:2]))
    else:
        fine_size, rows = (size * fine, size * fine), to_picture[:2].ravel()
        face = image.transform(fine_size, Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR).reduce(fine)
    return np.asarray(face).reshape(size, size, -1)


def _patch(
    picture: Picture, low: np.ndarray, high: np.ndarray
) -> tuple[UInt8[np.ndarray, "rows columns channels"], int, int]:
    """Cut out what lies between two corners (x, y), mirrored beyond the border; and say where it begins."""
    height, width = picture.shape[:2]
    left, top = np.clip(low, 0, (width - 1, height - 1)).tolist()
    right, bottom = np.clip(high, (left + 1, top + 1), (width, height)).tolist()
    before, after = np.maximum((left, top) - low, 0), np.maximum(high - (right, bottom), 0)
    margins = ((before[1], after[1]), (before[0], after[0]), (0, 0))
    padded = np.pad(picture[top:bottom, left:right], margins, mode="symmetric")
    return padded, int(left - before[0]), int(top - before[1])
