"""UTKFace (Zhang, Song and Qi 2017): faces of people named `[age]_[gender]_[race]_[date].jpg.chip.jpg`."""

import re
from pathlib import Path

from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.faces.photographs.photo import InFrame, Listing, Photo, Sought, files_in, sizes_among

# A few of the set's own names lack the gender or the race.
NAME = re.compile(r"\d{1,3}_(?:[01]_[0-4]_20\d{2,}|[0-4]_20\d{6,}).*\.(?:jpe?g|png)", re.IGNORECASE)


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the faces of a folder in which at least half of the files have the set's names; see `layouts.Layout`."""
    files = files_in(folder)
    named = [path for path in files if NAME.fullmatch(path.name)]
    if not files or not (chosen or 2 * len(named) >= len(files)):
        return None
    marks = InFrame(TEMPLATE) if _aligned(named or files) else Sought()
    return Listing([Photo(path, "people", "UTKFace", marks, "", "", *facts_of(path.name)) for path in files])


def _aligned(files: list[Path]) -> bool:
    """Return whether it is the aligned form of the set ("chip" in the names, or all of one square size)."""
    sizes = sizes_among(files)
    return 2 * sum(".chip." in path.name for path in files) >= len(files) or (
        len(sizes) == 1 and all(width == height for width, height in sizes)
    )


def facts_of(name: str) -> tuple[int, int, int]:
    """Parse age, gender and race from a file's name; -1 where it has none."""
    age, gender, race, *_ = [*name.split("_"), "", "", ""]
    return (
        int(age) if re.fullmatch(r"\d{1,3}", age) else -1,
        int(gender) if re.fullmatch("[01]", gender) else -1,
        int(race) if re.fullmatch("[0-4]", race) else -1,
    )
