"""Alignment of faces of people and dogs: eyes on eyes, nose on nose."""

import math
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

from vae_jax.core.errors import UnusablePictureError

Points = Float[np.ndarray, "3 2"]
Picture = UInt8[np.ndarray, "height width channels"]
Face = UInt8[np.ndarray, "size size channels"]
# Left eye, right eye (as seen) and nose, each x, y as fractions of the width and height of a picture.
Template = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# Their positions in UTKFace's aligned faces, so that these need no landmarks.
TEMPLATE: Template = ((0.285, 0.29), (0.715, 0.29), (0.5, 0.52))


def to_pillow(picture: Picture) -> "PillowImage":
    """Return a picture of 1 or 3 channels as a Pillow image."""
    from PIL import Image

    return Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0])


def cut_square(picture: Picture, size: int) -> Face:
    """Cut the central square, and average it down (or interpolate it up) to `size` pixels."""
    from PIL import Image

    height, width, channels = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    how = Image.Resampling.BOX if size <= side else Image.Resampling.BICUBIC
    return np.asarray(to_pillow(square).resize((size, size), how)).reshape(size, size, channels)


def landmark_fault(points: Points, height: int, width: int) -> str:
    """Say why landmarks can't be used for alignment; '' if they can.

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
    """Rotate, scale and shift a picture so that its landmarks fit the template's in least squares.

    Args:
        picture: uint8; beyond its border it is mirrored.
        points: left eye, right eye, nose as x, y in pixels from the top left corner.
        size: height and width of the face, in pixels.
        template: the positions of the landmarks in the face.

    Raises:
        UnusablePictureError: the landmarks can't be used; see `landmark_fault`.
    """
    from PIL import Image
    from skimage.transform import SimilarityTransform

    if fault := landmark_fault(points, *picture.shape[:2]):
        raise UnusablePictureError(fault)
    transform = SimilarityTransform.from_estimate(points, np.array(template) * size)
    # Each pixel of the face is the mean of fine x fine samples, about one for each pixel of the picture beneath it.
    fine = max(1, math.ceil(1 / transform.scale - 0.01))
    to_picture = transform.inverse.params @ np.diag([1 / fine, 1 / fine, 1])
    corners = (transform.inverse(size * np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))).astype(int)
    patch, left, top = _patch(picture, corners.min(0) - 2, corners.max(0) + 3)
    to_picture[:2, 2] -= (left, top)
    image = to_pillow(patch)
    if abs(transform.rotation) < 1e-6 and fine > 2:  # not rotated: the mean of boxes is faster
        near, far = to_picture @ [0, 0, 1], to_picture @ [size * fine, size * fine, 1]
        face = image.resize((size, size), Image.Resampling.BOX, (*near[:2], *far[:2]))
    else:
        fine_size, rows = (size * fine, size * fine), to_picture[:2].ravel()
        face = image.transform(fine_size, Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR).reduce(fine)
    return np.asarray(face).reshape(size, size, -1)


def _patch(
    picture: Picture, low: np.ndarray, high: np.ndarray
) -> tuple[UInt8[np.ndarray, "rows columns channels"], int, int]:
    """Cut out the rectangle between two corners (x, y), mirrored beyond the border; return it with its left and top."""
    height, width = picture.shape[:2]
    left, top = np.clip(low, 0, (width - 1, height - 1)).tolist()
    right, bottom = np.clip(high, (left + 1, top + 1), (width, height)).tolist()
    before, after = np.maximum((left, top) - low, 0), np.maximum(high - (right, bottom), 0)
    margins = ((before[1], after[1]), (before[0], after[0]), (0, 0))
    padded = np.pad(picture[top:bottom, left:right], margins, mode="symmetric")
    return padded, int(left - before[0]), int(top - before[1])
