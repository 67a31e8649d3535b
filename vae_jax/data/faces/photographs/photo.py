"""Photographs as their folders describe them: path, class, and how eyes and nose are found.

Any file may be listed as a photograph; reading it shows whether it is a picture.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_jax.data.faces.alignment import Picture, Points, Template
from vae_jax.data.faces.face_finder import find_face
from vae_jax.data.formats.picture_files import picture_size

log = logging.getLogger("vae_jax")

SAMPLE = 8  # pictures whose sizes are checked
PICTURES = "pictures"  # the layout of folders of no known kind
# Files and folders that operating systems make, besides names that begin with a dot.
HOUSEKEEPING = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin", "lost+found"}


@dataclass(frozen=True, slots=True)
class Marked:
    """Landmarks given by the data set.

    Attributes:
        values: x, y of the left eye, the right eye and the nose in pixels; NaN where missing.
    """

    values: tuple[float, ...]

    def points(self, picture: Picture, reduced: int = 1) -> Points:
        """Return the landmarks in pixels of the picture, whose sides were divided by `reduced`."""
        points: Points = np.array(self.values).reshape(3, 2) / reduced
        return points


@dataclass(frozen=True, slots=True)
class InFrame:
    """Landmarks at the same position in every picture of a set, or in a box around every head.

    Attributes:
        template: the position, as fractions of the frame's width and height.
        box: the frame: left, top, right and bottom in pixels; (): the whole picture.
    """

    template: Template
    box: tuple[float, ...] = ()

    def points(self, picture: Picture, reduced: int = 1) -> Points:
        """Return the landmarks in pixels of the picture, whose sides were divided by `reduced`."""
        height, width, _ = picture.shape
        left, top, right, bottom = (side / reduced for side in self.box) if self.box else (0, 0, width, height)
        points: Points = np.array(self.template) * (right - left, bottom - top) + (left, top)
        return points


@dataclass(frozen=True, slots=True)
class Sought:
    """Landmarks to be detected in the picture of a person."""

    def points(self, picture: Picture, reduced: int = 1) -> Points:
        """Return the landmarks that OpenCV's cascades find."""
        return find_face(picture)


# How the left eye, the right eye (as seen) and the nose are found, as x, y in pixels from the top left corner.
Marks = Marked | InFrame | Sought


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph as its folder describes it.

    Attributes:
        path: the file.
        class_name: its class; made one line of valid UTF-8, as is `breed`.
        layout: the kind of its folder.
        marks: how its eyes and nose are found; None: the central square is used without alignment.
        fault: why it can't be used, if that is known before it is read, else ''.
        breed: of a dog, if known, else ''.
        age, gender, race: of a person, in UTKFace's numbers, if known, else -1.
        split: `train` or `test`, if its folder gives it, else ''.
    """

    path: Path
    class_name: str
    layout: str
    marks: Marks | None
    fault: str = ""
    breed: str = ""
    age: int = -1
    gender: int = -1
    race: int = -1
    split: str = ""

    def __post_init__(self) -> None:
        """Make text from names of folders, or from a table, one line of valid UTF-8."""
        for name in ("class_name", "breed"):
            object.__setattr__(self, name, plain(getattr(self, name)))


class Listing(NamedTuple):
    """The photographs that a reader of a layout lists, and the names of the folders and files that belong to the set.

    Other files and folders in the folder are not part of the set.
    """

    photos: list[Photo]
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return text as one line, with bytes that are not UTF-8 escaped."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())


def unlisted(folder: Path, error: OSError, class_name: str) -> Photo:
    """Return a photograph that stands for a folder that can't be listed."""
    fault = f"can't be listed ({error.strerror}), so nothing in {folder.name} is read"
    return Photo(Path(error.filename or folder), class_name, PICTURES, None, fault)


def read_small(path: Path, most: int) -> bytes:
    """Read a file of at most `most` bytes.

    Raises:
        OSError: it can't be read.
        ValueError: it is larger.
    """
    if not path.is_file():  # a pipe would block
        raise FileNotFoundError
    if path.stat().st_size > most:
        raise ValueError(f"more than {most:,} bytes")
    return path.read_bytes()


def files_in(folder: Path) -> list[Path]:
    """List the files in a folder, sorted and without hidden ones; a run folder's figures are not photographs."""
    if _is_run(folder):
        log.info("%s: a run folder; its figures are not read as photographs", plain(str(folder)))
        return []
    return sorted(path for path in folder.iterdir() if not _hidden(path) and not path.is_dir())


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder, sorted and without hidden ones; none of a run folder."""
    if _is_run(folder):
        return []
    return sorted(path for path in folder.iterdir() if not _hidden(path) and path.is_dir())


def sizes_among(paths: Sequence[Path]) -> set[tuple[int, int]]:
    """Return the widths and heights of `SAMPLE` evenly spaced files, without those that are not pictures."""
    chosen = [paths[k * len(paths) // SAMPLE] for k in range(SAMPLE)] if len(paths) > SAMPLE else paths
    return {size for size in map(picture_size, chosen) if size}


def files_below(folder: Path, seen: set[Path] | None = None) -> list[Path]:
    """List the files in a folder and all folders below it, each once even if links lead to it."""
    seen = set() if seen is None else seen
    if folder.resolve() in seen:
        return []
    seen.add(folder.resolve())
    return files_in(folder) + [path for inner in folders_in(folder) for path in files_below(inner, seen)]


def _is_run(folder: Path) -> bool:
    return (folder / "config.json").is_file() and (folder / "checkpoints").is_dir()


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in HOUSEKEEPING
