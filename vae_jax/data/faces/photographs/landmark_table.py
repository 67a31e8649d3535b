"""Folders with a `landmarks.csv`: eyes and nose of each picture, for a user's own pets."""

import csv
import math
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import absolute
from vae_jax.data.faces.alignment import Points
from vae_jax.data.faces.photographs.photo import Listing, Marked, Photo, files_below, files_in, folders_in, plain

TABLE = "landmarks.csv"
OUTSIDE = "outside the folder of its table"
COLUMNS = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y", "nose_x", "nose_y")


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the pictures of the folder's table, and other files as unusable.

    Names in the table may differ from those on the disk by back slashes, letter case and the composition of accents;
    names of classes by letter case.

    Raises:
        UserError: the table can't be read.
    """
    del chosen
    table = folder / TABLE
    if not table.is_file():
        return None
    spelled = cache(lambda: _files_by_spelling(folder))  # listed at the first call only
    classes = {name: name for name in ("people", "dogs")}  # as first spelled
    photos = [_photo(folder, row, spelled, classes) for row in read_table(table)]
    listed = {photo.path for photo in photos if photo.fault != OUTSIDE}
    holding = {above for path in listed for above in path.parents}
    inner = [path for path in folders_in(folder) if path in holding or not listed]
    own = files_in(folder)
    there = [path for path in own if path != table] + [path for each in inner for path in files_below(each)]
    others = [Photo(path, "dogs", TABLE, None, f"not in {TABLE}") for path in there if path not in listed]
    return Listing(photos + others, tuple(path.name for path in inner), tuple(path.name for path in own))


def read_table(table: Path) -> list[dict[str, str]]:
    """Read the rows of a table of landmarks.

    Raises:
        UserError: it is not CSV, or a column is missing.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table}: can't be read as CSV ({error})") from None
    missing = {"file", *COLUMNS} - set(rows[0] if rows else {"file", *COLUMNS})
    if missing:
        raise UserError(f"{table}: has no column {', '.join(sorted(missing))}; needs file, {', '.join(COLUMNS)}")
    return sorted(rows, key=lambda row: row["file"] or "")


def marks_of(row: dict[str, str]) -> Marked:
    """Return the landmarks of a row: x, y of the left eye, the right eye and the nose in pixels; NaN where missing."""
    return Marked(tuple(_number(row[column]) for column in COLUMNS))


def points_beside(picture: Path) -> Points | None:
    """Look up a picture in the table of its folder, then in that of the parent folder.

    Returns:
        left eye, right eye (as seen) and nose, x, y in pixels; None if one of them is missing.

    Raises:
        UserError: a table can't be read.
    """
    wanted = absolute(picture)
    for folder in (wanted.parent, wanted.parent.parent):
        for row in read_table(folder / TABLE) if (folder / TABLE).is_file() else ():
            points = np.array(marks_of(row).values).reshape(3, 2)
            if _is_of(wanted, folder, row["file"] or "") and np.isfinite(points).all():
                return points
    return None


def _is_of(picture: Path, folder: Path, name: str) -> bool:
    path = absolute(folder / _slashed(folder, name))
    return path == picture or (not _is_file(path) and _spelling(str(path)) == _spelling(str(picture)))


def _photo(
    folder: Path, row: dict[str, str], spelled: Callable[[], dict[str, list[Path]]], classes: dict[str, str]
) -> Photo:
    name = _slashed(folder, row["file"] or "")
    path, marks = folder / name, marks_of(row)
    fault = "eyes or nose not marked" if not all(map(math.isfinite, marks.values)) else ""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        fault = OUTSIDE
    elif not _is_file(path):
        likes = spelled().get(_spelling(str(Path(name))), [])
        path = likes[0] if len(likes) == 1 else path
        fault = f"spelled like {len(likes)} files" if len(likes) > 1 else fault
    class_name = plain(row.get("class") or "") or "dogs"
    class_name = classes.setdefault(class_name.casefold(), class_name)
    return Photo(path, class_name, TABLE, marks, fault, breed=row.get("breed") or "")


def _slashed(folder: Path, name: str) -> str:
    return name if _is_file(folder / name) else name.replace("\\", "/")


def _files_by_spelling(folder: Path) -> dict[str, list[Path]]:
    """Return all files below a folder by the normalised spelling of their paths."""
    files: dict[str, list[Path]] = {}
    for path in files_below(folder):
        files.setdefault(_spelling(str(path.relative_to(folder))), []).append(path)
    return files


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # not a possible name of a file
        return False


def _number(text: str | None) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.nan
