"""Groups of near-identical pictures, which a split must not separate.

Memory does not depend on how many pictures are alike: links are merged into groups block by block.
"""

import itertools

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from vae_jax.data.faces.alignment import Face, to_pillow
from vae_jax.data.grouped_split import components

Thumbnail = UInt8[np.ndarray, " pixels"]
Thumbnails = UInt8[np.ndarray, "n pixels"]
Groups = Int32[np.ndarray, " n"]

SIDE = 32  # of a thumbnail, in pixels
ALIKE = 0.98  # pictures whose thumbnails correlate more are linked
WITHIN = 0.95  # the least correlation of the pictures of a group with its first
FAINT = 2.0  # grey levels: thumbnails of a smaller standard deviation have too little structure to compare
BLOCK = 1024  # pictures compared with as many others in one product


def thumbnail(face: Face) -> Thumbnail:
    """Shrink a picture to 32 by 32 grey levels."""
    from PIL import Image

    return np.asarray(to_pillow(face).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)).reshape(-1)


def near_identical(thumbnails: Thumbnails) -> Groups:
    """Number the groups of near-identical pictures, whatever their brightness and contrast.

    Links are transitive, as each frame of a burst is like the next. A chain that reaches unlike pictures, as in a film,
    is cut into groups, each around its first picture; neighbours in the chain may then be in two groups. Pictures
    without visible structure are alone.

    Args:
        thumbnails: of all pictures; their order changes the numbers only.

    Returns:
        `[n]`, the group of each picture.
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
            linked = components(groups[rows], other_groups[columns], n)[linked]
    return _cut(thumbnails, linked)


def _cut(thumbnails: Thumbnails, linked: Groups) -> Groups:
    """Cut groups until all members are like the first; the first is the smallest by content."""
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
    """Return which members are like the first of them; the first always is."""
    (first,) = _tones(thumbnails[members[:1]])
    blocks = (members[k : k + BLOCK] for k in range(0, len(members), BLOCK))
    near: Bool[np.ndarray, " m"] = np.concatenate([_tones(thumbnails[block]) @ first > WITHIN for block in blocks])
    near[0] = True
    return near


def _tones(thumbnails: Thumbnails) -> Float32[np.ndarray, "n pixels"]:
    """Normalise thumbnails to mean 0 and length 1 (faint ones to less), so that products are correlations."""
    tones = thumbnails.astype(np.float32)
    tones -= tones.mean(axis=1, keepdims=True)
    tones /= np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), FAINT * np.sqrt(tones.shape[1]))
    return tones
