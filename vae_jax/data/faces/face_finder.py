"""Detection of a person's face and eyes in a photograph by OpenCV's Haar cascades (Viola and Jones 2001)."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.faces.alignment import TEMPLATE, Picture, Points, to_pillow

FACE, EYES = "haarcascade_frontalface_default.xml", "haarcascade_eye.xml"
LARGEST = 640  # pixels: larger pictures are searched at this size
SMALLEST_FACE = 0.1  # of the picture's shorter side
MISSING = "no landmarks, and no OpenCV to find a face with (pip install 'vae_jax[faces]')"

# A person's nose: how far below the middle of the eyes, in distances between the eyes.
NOSE = (TEMPLATE[2][1] - TEMPLATE[0][1]) / (TEMPLATE[1][0] - TEMPLATE[0][0])


def find_face(picture: Picture) -> Points:
    """Find the eyes and the nose of the largest face.

    Args:
        picture: upright, as a viewer sees it.

    Returns:
        left eye, right eye (as seen) and nose, x, y in pixels.

    Raises:
        UnusablePictureError: no face with both eyes is found, or OpenCV is not installed.
    """
    grey, scale = _searched(picture)
    faces = _detect(FACE, grey, max(24, int(SMALLEST_FACE * min(grey.shape))))
    if not len(faces):
        raise UnusablePictureError("no face found")
    for x, y, width, height in sorted(faces.tolist(), key=lambda face: -face[2]):
        upper = grey[y : y + int(0.62 * height), x : x + width]
        pair = _best_pair(_detect(EYES, upper, width // 8), width, height)
        if pair is not None:
            left, right = (pair + np.array([x, y])) / scale
            across = right - left
            return np.array([left, right, (left + right) / 2 + NOSE * np.array([-across[1], across[0]])])
    raise UnusablePictureError("a face found, but not both of its eyes")


def _best_pair(boxes: np.ndarray, width: int, height: int) -> Float[np.ndarray, "2 2"] | None:
    """Choose the two boxes nearest to the usual positions of eyes in a face of that size, from left to right."""
    wanted = np.array([[0.31, 0.385], [0.69, 0.385]]) * (width, height)
    centres = sorted((x + w / 2, y + h / 2) for x, y, w, h in boxes.tolist())
    pairs = [np.array(pair) for pair in combinations(centres, 2)]
    offs = [float(np.abs(pair - wanted).max()) / width for pair in pairs]
    return pairs[int(np.argmin(offs))] if offs and min(offs) < 0.15 else None


def _searched(picture: Picture) -> tuple[UInt8[np.ndarray, "rows columns"], float]:
    """Return the picture in grey, at most `LARGEST` pixels wide and high, and its scale."""
    image = to_pillow(picture).convert("L")
    scale = min(1.0, LARGEST / max(image.size))
    smaller = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    return np.asarray(smaller), scale


def _detect(cascade: str, grey: UInt8[np.ndarray, "rows columns"], smallest: int) -> np.ndarray:
    try:
        import cv2
    except ImportError:
        raise UnusablePictureError(MISSING) from None
    # A new classifier for every call, because threads must not share one.
    classifier: Any = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / cascade))
    found = classifier.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(smallest, smallest))
    return np.array(found, int).reshape(-1, 4)
