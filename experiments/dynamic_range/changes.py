"""Ways in which a photograph of a friend may differ from those that a model has learnt from."""

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
from PIL import Image
from scipy import ndimage

from experiments.dynamic_range.strangers import SIDE

Images = np.ndarray  # uint8 [n, height, width, 1]


def _tones(images: np.ndarray) -> Images:
    return np.clip(np.round(images), 0, 255).astype(np.uint8)


def contrast(images: Images, factor: float) -> Images:
    """Bring tones nearer to each image's mean, or away from it."""
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return _tones(mean + factor * (images - mean))


def moved(images: Images, *, degrees: float = 0, zoom: float = 1, right: float = 0, down: float = 0) -> Images:
    """Turn and enlarge images about their middle and shift them, by lines between pixels, mirrored at the border."""
    angle, middle = np.deg2rad(degrees), (np.array(images.shape[1:3]) - 1) / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
    offset = middle - turn @ (middle + np.array([down, right]))
    places = [
        ndimage.affine_transform(image[..., 0].astype(float), turn, offset, order=1, mode="mirror") for image in images
    ]
    return _tones(np.stack(places)[..., None])


def coarse(images: Images, side: int, *, averaged: bool = True) -> Images:
    """Reduce images to so many pixels across, each an average of those beneath it or one of them, and enlarge them."""
    height, width = images.shape[1:3]
    how = Image.Resampling.BOX if averaged else Image.Resampling.NEAREST
    few = [Image.fromarray(image[..., 0]).resize((side, side), how) for image in images]
    return np.stack([np.asarray(each.resize((width, height), Image.Resampling.BICUBIC)) for each in few])[..., None]


def crops(images: Images) -> list[Images]:
    """Cut images anew in 81 ways: a little nearer or further, up to two pixels aside, turned by up to 8 degrees."""
    ways = product((0.9, 1.0, 1.1), (-2, 0, 2), (-2, 0, 2), (-8, 0, 8))
    return [moved(images, zoom=zoom, right=right, down=down, degrees=turn) for zoom, right, down, turn in ways]


CHANGES: Mapping[str, Callable[[Images], Images]] = {
    "none": lambda images: images,
    "contrast x0.6": lambda images: contrast(images, 0.6),
    "contrast x1.4": lambda images: contrast(images, 1.4),
    "darker by 40": lambda images: _tones(images.astype(float) - 40),
    "lighter by 40": lambda images: _tones(images.astype(float) + 40),
    "shifted by 3 px": lambda images: moved(images, right=3),
    "turned by 8°": lambda images: moved(images, degrees=8),
    "turned and back": lambda images: moved(moved(images, degrees=8), degrees=-8),  # only the smoothing of turning
    "zoomed x1.15": lambda images: moved(images, zoom=1.15),
    "zoomed x0.87": lambda images: moved(images, zoom=0.87),
    # As strangers are, who came down to their size in one way or the other.
    "20 px, averaged": lambda images: coarse(images, SIDE),
    "20 px, picked": lambda images: coarse(images, SIDE, averaged=False),
}
