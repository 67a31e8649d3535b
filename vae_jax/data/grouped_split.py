"""Which images are held out to be evaluated on: groups as wholes, by chance that does not know their size."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Int32

from vae_jax.core.errors import UserError

Sizes = dict[str, int]  # of the groups of a class, in images
MOST_NAMED = 3


def content_keys(hashes: Sequence[str], groups: Int32[np.ndarray, " n"] | None = None) -> np.ndarray:
    """Name what must stay together: copies, and images of one group.

    Names depend on no order. They are as random as hashes are, however many images are of a group: the least content
    of a group stands for it, but its name is a hash of that one, as the least of many is smaller than that of few.

    Args:
        hashes: of the content of each image.
        groups: the group of each; None means that each content is a group of its own.
    """
    keys = np.array(hashes)
    if groups is None or not len(keys):
        return keys
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    contents, ranks = np.unique(keys, return_inverse=True)
    numbers = np.unique(groups, return_inverse=True)[1] + len(contents)
    n = len(contents) + len(keys)
    links = coo_array((np.ones(len(keys), bool), (ranks, numbers)), shape=(n, n))
    parts = connected_components(links, directed=False)[1][: len(contents)]
    least, counts = np.unique(parts, return_index=True, return_counts=True)[1:]
    names = [contents[k] if count == 1 else _hash("group", contents[k]) for k, count in zip(least, counts, strict=True)]
    named: np.ndarray = np.array(names)[np.unique(parts, return_inverse=True)[1]][ranks]
    return named


def held_out(
    keys: np.ndarray, labels: Int32[np.ndarray, " n"], test_fraction: float, *, equal_classes: bool = False
) -> Bool[np.ndarray, " n"]:
    """Choose the images to be evaluated on.

    Every class gives about `test_fraction` of its images, each group with about that probability. A group that is
    larger than this share stays in training; the others make up for it, as long as half of these (or what is asked for)
    stays in training too. A class of at least two groups gives at least one of them; a class of one group none.

    Args:
        keys: `[n]` strings; images of one key are a group, which is held out whole or not at all.
        labels: `[n]`.
        test_fraction: the share of each class's images.
        equal_classes: as many images of every class as of the one that can give the fewest.

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
    """Return the sizes of the groups that stay in training as they are larger than all that their class gives."""
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


def too_large_told(sizes: Sequence[int], what: str = "images") -> str:
    """Say which groups stay in training for their size; '' if none does."""
    if not sizes:
        return ""
    named = ", ".join(f"{size:,}" for size in sizes[:MOST_NAMED]) + (", …" if len(sizes) > MOST_NAMED else "")
    groups = f"1 group of {named}" if len(sizes) == 1 else f"{len(sizes):,} groups of {named}"
    return f"too large to be held out, so only trained on: {groups} {what}"


def untested_told(trained: Iterable[str], tested: Iterable[str], what: str = "") -> str:
    """Say which classes are trained on, but not tested on, and what they are; '' if none is."""
    missing = sorted(set(trained) - set(tested))
    if not missing:
        return ""
    named = ", ".join(missing[:MOST_NAMED]) + (", …" if len(missing) > MOST_NAMED else "")
    classes = "1 class" if len(missing) == 1 else f"{len(missing):,} classes"
    return f"trained on, not tested on: {classes}{what} ({named})"


def _sizes_by_class(keys: np.ndarray, labels: np.ndarray) -> dict[int, Sizes]:
    classes: dict[int, Sizes] = {}
    for (label, key), size in sorted(Counter(zip(labels.tolist(), keys.tolist(), strict=True)).items()):
        classes.setdefault(label, {})[key] = size
    return classes


def _count(sizes: Sizes, held: set[str]) -> int:
    return sum(size for key, size in sizes.items() if key in held)


def _share(sizes: Sequence[int], test_fraction: float) -> int:
    """How many images a class shall give."""
    wanted = min(max(1, round(test_fraction * sum(sizes))), sum(sizes) - 1)
    while fitting := sum(size for size in sizes if size <= wanted):
        most = max(1, round(max(test_fraction, 0.5) * fitting))
        if wanted <= most:
            break
        wanted = most
    return wanted


def _choose(classes: dict[int, Sizes], shares: dict[int, int]) -> set[str]:
    """Choose groups of about as many images from each class, but never the last one that a class learns from."""
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
        for key in sorted(free, key=lambda key: (free[key], key)):  # where nothing fits, the smallest is taken
            if _count(classes[label], held):
                break
            take(key)
    return held


def _draw(sizes: Sizes, wanted: int) -> list[str]:
    """Draw groups of so many images together.

    The largest come first, each with the same probability: the share that is wanted of what is left. The smaller ones
    make up for what chance gave too few or too many of.
    """
    by_size: dict[int, list[str]] = {}
    for key in sorted(sizes):
        if sizes[key] <= wanted:
            by_size.setdefault(sizes[key], []).append(key)
    left, drawn = sum(size * len(keys) for size, keys in by_size.items()), list[str]()
    for size, keys in sorted(by_size.items(), reverse=True):
        count, rest = divmod(len(keys) * min(wanted, left), left)
        if count < len(keys) and _uniform(keys[count]) * left < rest:
            count += 1
        count = min(count, wanted // size)
        drawn += keys[:count]
        wanted, left = wanted - count * size, left - len(keys) * size
    return drawn


def _uniform(key: str) -> float:
    """A number in [0, 1) that a key alone decides."""
    return int(_hash("chance", key)[:12], 16) / 16**12


def _hash(use: str, key: str) -> str:
    return hashlib.sha256(f"{use} {key}".encode()).hexdigest()
