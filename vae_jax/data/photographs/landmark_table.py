"""A folder with a `landmarks.csv`: eyes and nose of each picture, so that anyone can add a pet."""

import csv
import math
import os
from pathlib import Path

import numpy as np

from vae_jax.data.alignment import Points
from vae_jax.data.photographs.photo import Found, Marked, Photo, folders_in, pictures_below, pictures_in
from vae_jax.errors import UserError

TABLE = "landmarks.csv"
OUTSIDE = "outside the folder of its table"
COLUMNS = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y", "nose_x", "nose_y")


def read(folder: Path) -> Found | None:
    """List the pictures of the folder's table.

    Raises:
        UserError: the table can't be read.
    """
    table = folder / TABLE
    if not table.is_file():
        return None
    photos = [_photo(folder, row) for row in read_table(table)]
    listed = {photo.path for photo in photos if photo.fault != OUTSIDE}
    holding = {above for path in listed for above in path.parents}
    inner = [path for path in folders_in(folder) if path in holding or not listed]
    there = pictures_in(folder) + [path for each in inner for path in pictures_below(each)]
    others = [Photo(path, "dogs", TABLE, None, f"not in {TABLE}") for path in there if path not in listed]
    return Found(photos + others, tuple(path.name for path in inner))


def read_table(table: Path) -> list[dict[str, str]]:
    """Read the rows of a table of landmarks.

    Raises:
        UserError: it is no CSV, or a column is missing.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table}: can't be read as CSV ({error})") from None
    missing = {"file", *COLUMNS} - set(rows[0] if rows else {"file", *COLUMNS})
    if missing:
        raise UserError(f"{table}: has no column {', '.join(sorted(missing))}; needs file, {', '.join(COLUMNS)}")
    return sorted(rows, key=lambda row: row["file"] or "")


def marks_of(row: dict[str, str]) -> Marked:
    """Return x, y of the left eye, the right eye and the nose, in pixels; NaN where not marked."""
    return Marked(tuple(_number(row[column]) for column in COLUMNS))


def points_beside(picture: Path) -> Points | None:
    """Look a picture up in the table of its folder, then in that of the folder above.

    Args:
        picture: the file.

    Returns:
        left eye, right eye (as seen) and nose, x, y in pixels; None where not all of them are marked.

    Raises:
        UserError: a table can't be read.
    """
    wanted = _whole(picture)
    for folder in (wanted.parent, wanted.parent.parent):
        for row in read_table(folder / TABLE) if (folder / TABLE).is_file() else ():
            points = np.array(marks_of(row).values).reshape(3, 2)
            if _whole(folder / (row["file"] or "")) == wanted and np.isfinite(points).all():
                return points
    return None


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links out of the folder


def _photo(folder: Path, row: dict[str, str]) -> Photo:
    name = row["file"] or ""
    path = folder / name
    marks = marks_of(row)
    fault = "eyes or nose not marked" if not all(map(math.isfinite, marks.values)) else ""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        fault = OUTSIDE
    return Photo(path, row.get("class") or "dogs", TABLE, marks, fault, breed=row.get("breed") or "")


def _number(text: str | None) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.nan
