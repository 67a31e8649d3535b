"""Laying faces over each other: eyes on eyes, nose on nose, people and dogs alike."""

import numpy as np
from jaxtyping import Float, UInt8

# Where the eyes (left, right as seen) and the nose lie, in widths and heights of the picture. These are the places
# they have in UTKFace's aligned faces, so that people need no landmarks.
TEMPLATE = ((0.285, 0.29), (0.715, 0.29), (0.5, 0.52))


def shrink_square(picture: UInt8[np.ndarray, "height width"], size: int) -> UInt8[np.ndarray, "size size"]:
    """Cut the central square and average it down (or interpolate it up) to `size` pixels."""
    from PIL import Image

    height, width = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    how = Image.Resampling.BOX if size <= side else Image.Resampling.BICUBIC
    return np.asarray(square.resize((size, size), how))


def landmark_fault(points: Float[np.ndarray, "3 2"], height: int, width: int) -> str:
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


def align_face(
    picture: UInt8[np.ndarray, "height width"], points: Float[np.ndarray, "3 2"], size: int
) -> UInt8[np.ndarray, "size size"]:
    """Turn, scale and shift a picture so that its landmarks come nearest to the template's.

    Args:
        picture: grey levels.
        points: left eye, right eye, nose as x, y in pixels; see `landmark_fault`.
        size: of the face picture, in pixels; beyond the picture's border its edge is repeated.
    """
    from skimage.filters import gaussian
    from skimage.transform import SimilarityTransform, warp

    target = np.array(TEMPLATE) * size - 0.5
    transform = SimilarityTransform.from_estimate(points, target)
    grey = picture.astype(np.float64) / 255
    blur = (1 / transform.scale - 1) / 2  # skimage.transform.resize's anti-aliasing, for a warp
    if blur > 0:
        grey = gaussian(grey, blur, mode="nearest")
    face = warp(grey, transform.inverse, output_shape=(size, size), order=1, mode="edge")
    levels: UInt8[np.ndarray, "size size"] = np.clip(np.round(face * 255), 0, 255).astype(np.uint8)
    return levels
