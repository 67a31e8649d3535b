"""The outcome of every photograph: a table beside the prepared images, and summaries in one line."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import first_of, reason
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.grouped_split import describe_too_large, describe_untested, too_large

TABLE = "files.csv"
MOST_CLASSES, MOST_LETTERS, MOST_REASONS = 10, 60, 12  # in a summary; letters of a class's name
COLUMNS = ["file", "class", "layout", "breed", "age", "gender", "race", "group", "split", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of preparing a photograph.

    Attributes:
        photo: the photograph.
        split: its split; '' if it was skipped.
        reason: why it was skipped, else ''.
        group: the number of its group of near-identical pictures; '' if it is alone.
    """

    photo: Photo
    split: str = ""
    reason: str = ""
    group: str = ""


def as_utf8(path: Path) -> str:
    """Return a path as text that can be encoded in UTF-8."""
    return str(path).encode("utf-8", "replace").decode()


def write_outcomes(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the table of files: facts about each, and its outcome."""
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for outcome in outcomes:
            photo = outcome.photo
            about = [photo.class_name, photo.layout, photo.breed, photo.age, photo.gender, photo.race]
            table.writerow([as_utf8(photo.path), *about, outcome.group, outcome.split, outcome.reason])


def read_outcomes(folder: Path) -> list[Outcome]:
    """Read the table of files, without the facts about each.

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
    """Return the error for a damaged prepared folder."""
    return UserError(f"{folder}: can't be used ({reason(error)}); remove it, and it is prepared again")


def describe_kept(outcomes: Sequence[Outcome]) -> str:
    """List how many photographs of each class were kept, and from which layouts; of many classes only the largest."""
    layouts: dict[str, list[str]] = {}
    for outcome in outcomes:
        if not outcome.reason:
            layouts.setdefault(outcome.photo.class_name, []).append(outcome.photo.layout)
    names = class_names([outcome.photo for outcome in outcomes if not outcome.reason])
    named = names if len(names) <= MOST_CLASSES else sorted(names, key=lambda name: -len(layouts[name]))[:MOST_CLASSES]
    parts = []
    for name in named:
        short = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
        parts.append(f"{len(layouts[name]):,} {short} ({', '.join(dict.fromkeys(layouts[name]))})")
    if others := [kept for name, kept in layouts.items() if name not in named]:
        parts.append(f"{sum(map(len, others)):,} of {len(others):,} other classes")
    return " and ".join(parts)


def describe_skipped(outcomes: Sequence[Outcome]) -> str:
    """List how many files were skipped for each reason, with the names of the first; '' if none was."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.reason:
            reasons.setdefault(outcome.reason, []).append(plain(outcome.photo.path.name))
    ordered = sorted(reasons.items(), key=lambda item: -len(item[1]))
    parts = [f"{len(names):,} {why} ({first_of(names)})" for why, names in ordered[:MOST_REASONS]]
    if rest := sum(len(names) for _, names in ordered[MOST_REASONS:]):
        parts.append(f"{rest:,} for other reasons")
    return "; ".join(parts)


def describe_split(outcomes: Sequence[Outcome], *, equal_classes: bool = False) -> str:
    """Describe how the split differs from what was asked for, and why; '' if it does not.

    Args:
        outcomes: of all photographs.
        equal_classes: equally many of each class are held out, which is a smaller share of the larger classes.
    """
    kept = [outcome for outcome in outcomes if not outcome.reason]
    numbers = {name: k for k, name in enumerate(class_names([outcome.photo for outcome in kept]))}
    all_of = Counter(outcome.photo.class_name for outcome in kept)
    tested = Counter(outcome.photo.class_name for outcome in kept if outcome.split == "test")
    keys = np.array([outcome.group or f"alone {k}" for k, outcome in enumerate(kept)], str)
    labels = np.array([numbers[outcome.photo.class_name] for outcome in kept], np.int32)
    in_test = np.array([outcome.split == "test" for outcome in kept], bool)
    shares = [f"{tested[name]:,} {name} ({tested[name] / all_of[name]:.1%})" for name in numbers if tested[name]]
    parts = [
        f"held out in equal numbers: {' and '.join(shares)}" if equal_classes else "",
        describe_untested(all_of, tested, " without two different pictures"),
        describe_too_large(too_large(keys, labels, in_test), "near-identical pictures"),
    ]
    return "; ".join(filter(None, parts))


def class_names(photos: Sequence[Photo]) -> tuple[str, ...]:
    """Return the classes that occur: people and dogs first, then the others in sorted order."""
    found = {photo.class_name for photo in photos}
    first = [name for name in ("people", "dogs") if name in found]
    return (*first, *sorted(found - set(first)))
