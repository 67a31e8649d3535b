"""Contrast: bringing images of different light to the same range of tones."""

from collections.abc import Callable

import numpy as np

from vae_jax.core.registry import Registry
from vae_jax.data.faces.alignment import Face


def keep(face: Face) -> Face:
    """Leave the tones as they are."""
    return face


def stretch(face: Face) -> Face:
    """Stretch the tones so that the 1st percentile becomes black and the 99th white."""
    low, high = np.percentile(face, (1, 99))
    return _levels((face - low) / max(high - low, 1))


def equalise(face: Face) -> Face:
    """Equalise the histogram of tones (of colours, that of the value in HSV)."""
    from skimage.color import hsv2rgb, rgb2hsv
    from skimage.exposure import equalize_hist

    if face.shape[-1] == 1:
        return _levels(equalize_hist(face[..., 0])[..., None])
    tones = rgb2hsv(face)
    tones[..., 2] = equalize_hist(tones[..., 2])
    return _levels(hsv2rgb(tones))


def _levels(tones: np.ndarray) -> Face:
    levels: Face = np.clip(np.round(255 * tones), 0, 255).astype(np.uint8)
    return levels


CONTRASTS: Registry[Callable[[Face], Face]] = Registry(
    "config.data.contrast", {"none": keep, "stretch": stretch, "equalise": equalise}
)
