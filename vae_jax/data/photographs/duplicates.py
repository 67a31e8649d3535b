"""Finding pictures that are nearly the same, so that they never lie on both sides of a split."""

import itertools

import numpy as np
from jaxtyping import Float32, Int32, UInt8

from vae_jax.data.alignment import Face

Thumbnail = UInt8[np.ndarray, " pixels"]
SIDE = 16  # of a thumbnail, in pixels
ALIKE = 0.985  # the correlation of two thumbnails from which on they are one picture
BLOCK = 1024  # pictures compared at once with as many others


def thumbnail(face: Face) -> Thumbnail:
    """Shrink a picture to 16 by 16 grey levels."""
    from PIL import Image

    image = Image.fromarray(face if face.shape[2] == 3 else face[..., 0]).convert("L")
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)).reshape(-1)


def near_identical(thumbnails: UInt8[np.ndarray, "n pixels"]) -> Int32[np.ndarray, " n"]:
    """Number the groups of pictures that are linked by likeness, whatever their brightness and contrast.

    Args:
        thumbnails: of all pictures.

    Returns:
        the group of each.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(thumbnails)
    pairs = [np.zeros((2, 0), int)]
    for j, k in itertools.combinations_with_replacement(range(0, n, BLOCK), 2):
        some, others = (_tones(thumbnails[first : first + BLOCK]) for first in (j, k))
        rows, columns = np.nonzero(some @ others.T > ALIKE)
        pairs.append(np.stack([rows + j, columns + k]))
    rows, columns = np.concatenate(pairs, axis=1)
    links = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(n, n))
    groups: Int32[np.ndarray, " n"] = connected_components(links, directed=False)[1].astype(np.int32)
    return groups


def _tones(thumbnails: UInt8[np.ndarray, "n pixels"]) -> Float32[np.ndarray, "n pixels"]:
    """Bring thumbnails to a mean of 0 and a length of 1: the product of two is their correlation."""
    tones = thumbnails.astype(np.float32)
    tones -= tones.mean(axis=1, keepdims=True)
    tones /= np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), 1e-6)
    return tones
