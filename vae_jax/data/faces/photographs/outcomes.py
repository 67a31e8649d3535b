"""What became of every photograph: a table beside the prepared images, and a few words."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.grouped_split import too_large, too_large_told, untested_told

TABLE = "files.csv"
COLUMNS = ["file", "class", "layout", "breed", "age", "gender", "race", "group", "split", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a photograph.

    Attributes:
        photo: which.
        split: the one that it is in, '' if it was skipped.
        reason: why it was skipped, else ''.
        group: a number that near-identical pictures have in common, '' if it has no such others.
    """

    photo: Photo
    split: str = ""
    reason: str = ""
    group: str = ""


def printable(path: Path) -> str:
    """Return a path as text that any file can hold."""
    return str(path).encode("utf-8", "replace").decode()


def write_outcomes(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the table of files: what each shows, and what became of it."""
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for outcome in outcomes:
            photo = outcome.photo
            about = [photo.class_name, photo.layout, photo.breed, photo.age, photo.gender, photo.race]
            table.writerow([printable(photo.path), *about, outcome.group, outcome.split, outcome.reason])


def read_outcomes(folder: Path) -> list[Outcome]:
    """Read the table of files again, without the facts about each.

    Raises:
        UserError: it is damaged.
    """
    try:
        with (folder / TABLE).open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != COLUMNS:
                raise ValueError(f"{TABLE} has other columns")
            return [
                Outcome(Photo(Path(name), class_name, layout, None), split, reason, group)
                for name, class_name, layout, *_, group, split, reason in rows
            ]
    except (OSError, ValueError, csv.Error) as error:
        raise unusable(folder, error) from None


def unusable(folder: Path, error: Exception) -> UserError:
    """Say that a prepared folder is damaged."""
    said = f"{type(error).__name__}: {plain(str(error))[:200]}"
    return UserError(f"{folder}: can't be used ({said}); remove it, and it is prepared again")


def kept_told(outcomes: Sequence[Outcome], most: int = 10, most_letters: int = 60) -> str:
    """Say how many of which class were kept, and from what kinds of folders; of many classes only the largest."""
    layouts: dict[str, list[str]] = {}
    for outcome in outcomes:
        if not outcome.reason:
            layouts.setdefault(outcome.photo.class_name, []).append(outcome.photo.layout)
    names = class_names([outcome.photo for outcome in outcomes if not outcome.reason])
    named = names if len(names) <= most else sorted(names, key=lambda name: -len(layouts[name]))[:most]
    parts = []
    for name in named:
        short = name if len(name) <= most_letters else f"{name[: most_letters - 1]}…"
        parts.append(f"{len(layouts[name]):,} {short} ({', '.join(dict.fromkeys(layouts[name]))})")
    if others := [kept for name, kept in layouts.items() if name not in named]:
        parts.append(f"{sum(map(len, others)):,} of {len(others):,} other classes")
    return " and ".join(parts)


def _layouts(photos: Sequence[Photo]) -> str:
    return ", ".join(dict.fromkeys(photo.layout for photo in photos))


def skipped_told(outcomes: Sequence[Outcome], most: int = 3, most_reasons: int = 12) -> str:
    """Say how many files were skipped for which reason, with the names of the first; '' if none was."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.reason:
            reasons.setdefault(outcome.reason, []).append(plain(outcome.photo.path.name))
    parts = []
    ordered = sorted(reasons.items(), key=lambda item: -len(item[1]))
    for reason, names in ordered[:most_reasons]:
        more = ", …" if len(names) > most else ""
        parts.append(f"{len(names):,} {reason} ({', '.join(names[:most])}{more})")
    if rest := sum(len(names) for _, names in ordered[most_reasons:]):
        parts.append(f"{rest:,} for other reasons")
    return "; ".join(parts)


def split_told(outcomes: Sequence[Outcome], *, equal_classes: bool = False) -> str:
    """Say what the split is not as asked for, and why; '' if there is nothing to say.

    Args:
        outcomes: of all photographs.
        equal_classes: as many of each class are held out, so that of most it is a smaller share.
    """
    kept = [outcome for outcome in outcomes if not outcome.reason]
    numbers = {name: k for k, name in enumerate(class_names([outcome.photo for outcome in kept]))}
    all_of = Counter(outcome.photo.class_name for outcome in kept)
    tested = Counter(outcome.photo.class_name for outcome in kept if outcome.split == "test")
    keys = np.array([outcome.group or f"alone {k}" for k, outcome in enumerate(kept)], str)
    labels = np.array([numbers[outcome.photo.class_name] for outcome in kept], np.int32)
    in_test = np.array([outcome.split == "test" for outcome in kept], bool)
    shares = [f"{tested[name]:,} {name} ({tested[name] / all_of[name]:.1%})" for name in numbers if tested[name]]
    told = [
        f"held out in equal numbers: {' and '.join(shares)}" if equal_classes else "",
        untested_told(all_of, tested, " without two different pictures"),
        too_large_told(too_large(keys, labels, in_test), "near-identical pictures"),
    ]
    return "; ".join(filter(None, told))


def class_names(photos: Sequence[Photo]) -> tuple[str, ...]:
    """Name the classes that occur: people and dogs first, then the others by their names."""
    found = {photo.class_name for photo in photos}
    first = [name for name in ("people", "dogs") if name in found]
    return (*first, *sorted(found - set(first)))
