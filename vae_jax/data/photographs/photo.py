"""A photograph that may become a face: where it lies, what it shows, and how its eyes and nose are found."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_jax.data.alignment import Picture, Points, Template
from vae_jax.data.face_finder import find_face

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


@dataclass(frozen=True, slots=True)
class Marked:
    """They were marked by hand.

    Attributes:
        values: x, y of the left eye, of the right eye and of the nose, in pixels; NaN where not marked.
    """

    values: tuple[float, ...]

    def points(self, picture: Picture) -> Points:
        """Return what was marked."""
        return np.array(self.values).reshape(3, 2)


@dataclass(frozen=True, slots=True)
class InFrame:
    """They lie at the same place of every picture of a set, or of a box around every head.

    Attributes:
        template: that place, in widths and heights of the frame.
        box: the frame: left, top, right and bottom in pixels; () means the whole picture.
    """

    template: Template
    box: tuple[float, ...] = ()

    def points(self, picture: Picture) -> Points:
        """Scale the place to the frame."""
        left, top, right, bottom = self.box or (0, 0, picture.shape[1], picture.shape[0])
        points: Points = np.array(self.template) * (right - left, bottom - top) + (left, top)
        return points


@dataclass(frozen=True, slots=True)
class Sought:
    """They must be sought in the picture, which shows a person."""

    def points(self, picture: Picture) -> Points:
        """Search by OpenCV's cascades."""
        return find_face(picture)


# How the left eye, the right eye (as seen) and the nose are found: x, y in pixels from the picture's top left corner.
Marks = Marked | InFrame | Sought


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph as its folder describes it.

    Attributes:
        path: the file.
        class_name: what it shows; as `breed`, in one line that any file can hold.
        layout: the kind of folder that it was found in.
        marks: how its eyes and nose are found; None means the picture is taken as it is, from its central square.
        fault: why it can't be used, if that is known already, else ''.
        breed: of a dog, where known, else ''.
        age, gender, race: of a person, in UTKFace's numbers, where known, else -1.
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

    def __post_init__(self) -> None:
        """Make words that may come from names of folders, or from a table, fit for any file."""
        for name in ("class_name", "breed"):
            object.__setattr__(self, name, plain(getattr(self, name)))


class Found(NamedTuple):
    """What a kind of folder holds: its photographs, and the names of the folders in it that are read with it."""

    photos: list[Photo]
    folders: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return text in one line, bytes that are no UTF-8 spelled out."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())


def pictures_in(folder: Path) -> list[Path]:
    """List the files of a folder that by their names are pictures, in an order of their own."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not _hidden(path))


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder, in an order of their own."""
    return sorted(path for path in folder.iterdir() if not _hidden(path) and path.is_dir())


def pictures_below(folder: Path, seen: set[Path] | None = None) -> list[Path]:
    """List the pictures of a folder and of all below it, each folder once, wherever links lead."""
    seen = set() if seen is None else seen
    if folder.resolve() in seen:
        return []
    seen.add(folder.resolve())
    return pictures_in(folder) + [path for inner in folders_in(folder) for path in pictures_below(inner, seen)]


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
