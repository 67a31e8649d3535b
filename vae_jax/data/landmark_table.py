"""Tables of landmarks beside pictures: where somebody marked the eyes and the nose."""

import csv
import os
from pathlib import Path

import numpy as np

from vae_jax.data.alignment import Points
from vae_jax.errors import UserError

NAME = "landmarks.csv"
COLUMNS = ("left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y", "nose_x", "nose_y")


def read_table(table: Path) -> dict[Path, Points]:
    """Read a table with the columns `file` (relative to the table's folder) and `COLUMNS`, in pixels.

    Args:
        table: a CSV file with a header; other columns are left alone.

    Returns:
        left eye, right eye (as seen) and nose of each file, x, y in pixels, NaN where not marked.

    Raises:
        UserError: it can't be read, or lacks a column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table}: can't be read as CSV ({error})") from None
    missing = {"file", *COLUMNS} - set(rows[0] if rows else {"file", *COLUMNS})
    if missing:
        raise UserError(f"{table}: has no column {', '.join(sorted(missing))}; needs file, {', '.join(COLUMNS)}")
    return {table.parent / (row["file"] or ""): _points(row) for row in rows}


def points_beside(picture: Path) -> Points | None:
    """Look a picture up in the `landmarks.csv` of its folder, then in that of the folder above.

    Args:
        picture: the file.

    Returns:
        left eye, right eye (as seen) and nose, x, y in pixels; None where not all of them are marked.

    Raises:
        UserError: a table can't be read.
    """
    wanted = _whole(picture)
    for folder in (wanted.parent, wanted.parent.parent):
        if (folder / NAME).is_file():
            found = {_whole(path): points for path, points in read_table(folder / NAME).items()}
            if wanted in found and np.isfinite(found[wanted]).all():
                return found[wanted]
    return None


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links out of the folder


def _points(row: dict[str, str]) -> Points:
    return np.array([_number(row[column]) for column in COLUMNS]).reshape(3, 2)


def _number(text: str | None) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan
