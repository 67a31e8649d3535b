"""Finding pictures that are nearly the same, so that they never lie on both sides of a split.

Memory does not depend on how many pictures are alike: links are merged into groups block by block.
"""

import itertools

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from vae_jax.data.faces.alignment import Face

Thumbnail = UInt8[np.ndarray, " pixels"]
Thumbnails = UInt8[np.ndarray, "n pixels"]
Groups = Int32[np.ndarray, " n"]

SIDE = 32  # of a thumbnail, in pixels
ALIKE = 0.98  # the correlation of two thumbnails from which on they are one picture
WITHIN = 0.95  # the least correlation of the pictures of a group with the one that it is gathered around
FAINT = 2.0  # grey levels: a thumbnail that varies less (standard deviation) shows nothing to compare
BLOCK = 1024  # pictures compared at once with as many others


def thumbnail(face: Face) -> Thumbnail:
    """Shrink a picture to 32 by 32 grey levels."""
    from PIL import Image

    image = Image.fromarray(face if face.shape[2] == 3 else face[..., 0]).convert("L")
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)).reshape(-1)


def near_identical(thumbnails: Thumbnails) -> Groups:
    """Number the groups of pictures that are linked by likeness, whatever their brightness and contrast.

    Likeness is handed on, as the frames of a burst are each like the next. A chain that leads to unlike pictures, as
    those of a film do, is cut into groups around some of its pictures; neighbours may then be of two groups.
    Pictures without visible structure are like no other.

    Args:
        thumbnails: of all pictures; their order changes nothing but the numbers.

    Returns:
        the group of each.
    """
    n = len(thumbnails)
    linked: Groups = np.arange(n, dtype=np.int32)
    for j, k in itertools.combinations_with_replacement(range(0, n, BLOCK), 2):
        groups, other_groups = (linked[first : first + BLOCK] for first in (j, k))
        if (groups == groups[0]).all() and (other_groups == groups[0]).all():
            continue
        some, others = (_tones(thumbnails[first : first + BLOCK]) for first in (j, k))
        new = (some @ others.T > ALIKE) & (groups[:, None] != other_groups)
        if new.any():
            rows, columns = np.nonzero(new)
            linked = _merged(linked, groups[rows], other_groups[columns])
    return _cut(thumbnails, linked)


def _merged(groups: Groups, some: Int32[np.ndarray, " pairs"], others: Int32[np.ndarray, " pairs"]) -> Groups:
    """Make one group of each two that are linked."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(some), bool), (some, others)), shape=(len(groups), len(groups)))
    merged: Groups = connected_components(links, directed=False)[1].astype(np.int32)[groups]
    return merged


def _cut(thumbnails: Thumbnails, linked: Groups) -> Groups:
    """Cut groups that are wider than one picture can be: their members gather around the first by content."""
    groups, count = np.empty_like(linked), 0
    by_group = np.argsort(linked, kind="stable")
    for members in np.split(by_group, np.flatnonzero(np.diff(linked[by_group])) + 1):
        if len(members) > 2:
            members = np.array(sorted(members.tolist(), key=lambda k: thumbnails[k].tobytes()))
        while len(members):
            near = _near(thumbnails, members) if len(members) > 2 else np.ones(len(members), bool)
            groups[members[near]] = count
            members, count = members[~near], count + 1
    return groups


def _near(thumbnails: Thumbnails, members: np.ndarray) -> Bool[np.ndarray, " m"]:
    """Tell which members are within reach of the first of them; that one is."""
    (first,) = _tones(thumbnails[members[:1]])
    blocks = (members[k : k + BLOCK] for k in range(0, len(members), BLOCK))
    near: Bool[np.ndarray, " m"] = np.concatenate([_tones(thumbnails[block]) @ first > WITHIN for block in blocks])
    near[0] = True
    return near


def _tones(thumbnails: Thumbnails) -> Float32[np.ndarray, "n pixels"]:
    """Bring thumbnails to a mean of 0 and a length of 1 (faint ones to less): products are correlations."""
    tones = thumbnails.astype(np.float32)
    tones -= tones.mean(axis=1, keepdims=True)
    tones /= np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), FAINT * np.sqrt(tones.shape[1]))
    return tones
