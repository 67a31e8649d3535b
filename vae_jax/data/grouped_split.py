"""Choosing test images by whole groups, each group with the same probability whatever its size."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Int, Int32

from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import first_of

Sizes = dict[str, int]  # of the groups of a class, in images


def content_keys(hashes: Sequence[str], groups: Int32[np.ndarray, " n"] | None = None) -> np.ndarray:
    """Return a key for each image, which is the same for copies and for images of one group.

    Keys do not depend on the order of the images, and are uniformly random whatever the size of a group: the key of a
    group is a hash of its smallest hash, because the smallest itself would tend to be smaller in larger groups.

    Args:
        hashes: `[n]`, of the content of each image.
        groups: `[n]`, the group of each image; None: only copies are grouped.

    Returns:
        `[n]` strings.
    """
    keys = np.array(hashes)
    if groups is None or not len(keys):
        return keys
    contents, ranks = np.unique(keys, return_inverse=True)
    numbers = np.unique(groups, return_inverse=True)[1] + len(contents)
    parts = components(ranks, numbers, len(contents) + len(keys))[: len(contents)]
    least, counts = np.unique(parts, return_index=True, return_counts=True)[1:]
    names = [contents[k] if count == 1 else _hash("group", contents[k]) for k, count in zip(least, counts, strict=True)]
    named: np.ndarray = np.array(names)[np.unique(parts, return_inverse=True)[1]][ranks]
    return named


def components(some: Int[np.ndarray, " k"], others: Int[np.ndarray, " k"], count: int) -> Int32[np.ndarray, " n"]:
    """Number the connected components of a graph of `count` nodes, in which `some[k]` is linked to `others[k]`.

    Returns:
        the number of each node's component, `[count]`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(some), bool), (some, others)), shape=(count, count))
    numbers: Int32[np.ndarray, " n"] = connected_components(links, directed=False)[1].astype(np.int32)
    return numbers


def held_out(
    keys: np.ndarray, labels: Int32[np.ndarray, " n"], test_fraction: float, *, equal_classes: bool = False
) -> Bool[np.ndarray, " n"]:
    """Choose the images to hold out.

    About `test_fraction` of each class is held out, each group with about that probability. A group larger than this
    share stays in training; smaller ones are held out instead, but at most half of them (or `test_fraction`, if that is
    more). At least one group of each class is held out, and at least one is not; of a class with one group none is.

    Args:
        keys: `[n]` strings; images with the same key are a group, held out together or not at all.
        labels: `[n]`, the class of each image.
        test_fraction: the share of each class.
        equal_classes: hold out as many images of every class as of the one with the smallest share.

    Returns:
        `[n]`, whether each image is held out.

    Raises:
        UserError: no class has two keys.
    """
    classes = _sizes_by_class(keys, labels)
    able = [label for label, sizes in classes.items() if len(sizes) > 1]
    if not able:
        raise UserError("data: found no class with 2 different images; a split needs one")
    shares = {label: _share(list(classes[label].values()), test_fraction) for label in able}
    if equal_classes:
        fewest = min(shares.values())
        held = _choose(classes, dict.fromkeys(able, fewest))
        fewest = min(_count(classes[label], held) for label in able) or fewest
        shares = dict.fromkeys(able, fewest)
    in_test: Bool[np.ndarray, " n"] = np.isin(keys, sorted(_choose(classes, shares)))
    return in_test


def too_large(keys: np.ndarray, labels: Int32[np.ndarray, " n"], in_test: Bool[np.ndarray, " n"]) -> list[int]:
    """Return the sizes of the groups that stay in training because they are larger than all that is held out."""
    classes = _sizes_by_class(keys, labels)
    held = set(keys[in_test].tolist())
    given = {label: _count(sizes, held) for label, sizes in classes.items()}
    found = {
        key: size
        for label, sizes in classes.items()
        for key, size in sizes.items()
        if key not in held and size > given[label] > 0 and size > 1
    }
    return sorted(found.values(), reverse=True)


def describe_too_large(sizes: Sequence[int], what: str = "images") -> str:
    """Describe the groups that stay in training because of their size; '' if there are none."""
    if not sizes:
        return ""
    named = first_of([f"{size:,}" for size in sizes])
    groups = f"1 group of {named}" if len(sizes) == 1 else f"{len(sizes):,} groups of {named}"
    return f"too large to be held out, so only trained on: {groups} {what}"


def describe_untested(trained: Iterable[str], tested: Iterable[str], what: str = "") -> str:
    """Describe the classes without test images (`what` says why they have none); '' if there are none."""
    missing = sorted(set(trained) - set(tested))
    if not missing:
        return ""
    classes = "1 class" if len(missing) == 1 else f"{len(missing):,} classes"
    return f"trained on, not tested on: {classes}{what} ({first_of(missing)})"


def _sizes_by_class(keys: np.ndarray, labels: np.ndarray) -> dict[int, Sizes]:
    classes: dict[int, Sizes] = {}
    for (label, key), size in sorted(Counter(zip(labels.tolist(), keys.tolist(), strict=True)).items()):
        classes.setdefault(label, {})[key] = size
    return classes


def _count(sizes: Sizes, held: set[str]) -> int:
    return sum(size for key, size in sizes.items() if key in held)


def _share(sizes: Sequence[int], test_fraction: float) -> int:
    """Return the number of images of a class to hold out."""
    wanted = min(max(1, round(test_fraction * sum(sizes))), sum(sizes) - 1)
    while fitting := sum(size for size in sizes if size <= wanted):
        most = max(1, round(max(test_fraction, 0.5) * fitting))
        if wanted <= most:
            break
        wanted = most
    return wanted


def _choose(classes: dict[int, Sizes], shares: dict[int, int]) -> set[str]:
    """Choose groups of about as many images as each class's share, but leave each class one group to train on."""
    owners: dict[str, list[int]] = {}
    for label, sizes in classes.items():
        for key in sizes:
            owners.setdefault(key, []).append(label)
    left = {label: len(sizes) for label, sizes in classes.items()}
    held: set[str] = set()

    def take(key: str) -> None:
        if all(left[owner] > 1 for owner in owners[key]):
            held.add(key)
            left.update({owner: left[owner] - 1 for owner in owners[key]})

    for label, share in shares.items():
        free = {key: size for key, size in classes[label].items() if key not in held}
        missing = share - _count(classes[label], held)
        for key in _draw(free, missing):
            take(key)
        for key in sorted(free, key=lambda key: (free[key], key)):  # if no group fits, take the smallest
            if _count(classes[label], held):
                break
            take(key)
    return held


def _draw(sizes: Sizes, wanted: int) -> list[str]:
    """Draw groups of about `wanted` images together.

    From the largest size to the smallest, groups are drawn with the same probability: images still wanted / images left
    to draw from. Smaller groups thus make up for the chance in larger ones.
    """
    by_size: dict[int, list[str]] = {}
    for key in sorted(sizes):
        if sizes[key] <= wanted:
            by_size.setdefault(sizes[key], []).append(key)
    left, drawn = sum(size * len(keys) for size, keys in by_size.items()), list[str]()
    for size, keys in sorted(by_size.items(), reverse=True):
        count, rest = divmod(len(keys) * min(wanted, left), left)
        if count < len(keys):
            chance = int(_hash("chance", keys[count])[:12], 16) / 16**12  # in [0, 1)
            count += chance * left < rest
        count = min(count, wanted // size)
        drawn += keys[:count]
        wanted, left = wanted - count * size, left - len(keys) * size
    return drawn


def _hash(use: str, key: str) -> str:
    return hashlib.sha256(f"{use} {key}".encode()).hexdigest()
