"""UTKFace (Zhang, Song and Qi 2017): faces of people named `[age]_[gender]_[race]_[date].jpg.chip.jpg`."""

import re
from pathlib import Path

from vae_jax.data.alignment import TEMPLATE
from vae_jax.data.photographs.photo import Found, InFrame, Marks, Photo, Sought, pictures_in

NAME = re.compile(r"\d{1,3}_[01]_[0-4]_\d+.*\.jpg")


def read(folder: Path) -> Found | None:
    """List the faces, if some here have the set's names (a few of its own are malformed)."""
    pictures = pictures_in(folder)
    if not any(NAME.fullmatch(path.name) for path in pictures):
        return None
    # The set comes in two forms: cut and aligned ("chip"), and as the photographs were taken.
    aligned = 2 * sum(".chip." in path.name for path in pictures) >= len(pictures)
    return Found([_photo(path, InFrame(TEMPLATE) if aligned else Sought()) for path in pictures])


def _photo(path: Path, marks: Marks) -> Photo:
    age, gender, race = facts_of(path.name)
    return Photo(path, "people", "UTKFace", marks, age=age, gender=gender, race=race)


def facts_of(name: str) -> tuple[int, int, int]:
    """Read age, gender and race from a file's name; -1 where it does not say."""
    age, gender, race, *_ = [*name.split("_"), "", "", ""]
    return (
        int(age) if re.fullmatch(r"\d{1,3}", age) else -1,
        int(gender) if re.fullmatch("[01]", gender) else -1,
        int(race) if re.fullmatch("[0-4]", race) else -1,
    )
