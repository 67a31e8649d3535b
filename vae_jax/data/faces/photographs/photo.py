"""A photograph that may become a face: where it lies, what it shows, and how its eyes and nose are found.

Every file of a folder may be one: what it holds decides, when it is read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_jax.data.faces.alignment import Picture, Points, Template
from vae_jax.data.faces.face_finder import find_face

PICTURES = "pictures"  # the layout of folders of no known kind
# What systems leave in folders, beside all that begins with a dot; nobody put it there.
HOUSEKEEPING = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin", "lost+found"}


@dataclass(frozen=True, slots=True)
class Marked:
    """They were marked by hand.

    Attributes:
        values: x, y of the left eye, of the right eye and of the nose, in pixels; NaN where not marked.
    """

    values: tuple[float, ...]

    def points(self, picture: Picture, reduced: int = 1) -> Points:
        """Return what was marked, in pixels of the picture, whose sides were divided by `reduced`."""
        points: Points = np.array(self.values).reshape(3, 2) / reduced
        return points


@dataclass(frozen=True, slots=True)
class InFrame:
    """They lie at the same place of every picture of a set, or of a box around every head.

    Attributes:
        template: that place, in widths and heights of the frame.
        box: the frame: left, top, right and bottom in pixels; () means the whole picture.
    """

    template: Template
    box: tuple[float, ...] = ()

    def points(self, picture: Picture, reduced: int = 1) -> Points:
        """Scale the place to the frame, in pixels of the picture, whose sides were divided by `reduced`."""
        height, width, _ = picture.shape
        left, top, right, bottom = (side / reduced for side in self.box) if self.box else (0, 0, width, height)
        points: Points = np.array(self.template) * (right - left, bottom - top) + (left, top)
        return points


@dataclass(frozen=True, slots=True)
class Sought:
    """They must be sought in the picture, which shows a person."""

    def points(self, picture: Picture, reduced: int = 1) -> Points:
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
        split: `train` or `test`, where its folder says so, else ''.
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
        """Make words that may come from names of folders, or from a table, fit for any file."""
        for name in ("class_name", "breed"):
            object.__setattr__(self, name, plain(getattr(self, name)))


class Found(NamedTuple):
    """What a kind of folder holds: its photographs, and the names of the folders and files in it that are read with it.

    A photograph may be a file of any kind; the files of a folder that are neither photographs nor named are no part of
    the set.
    """

    photos: list[Photo]
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return text in one line, bytes that are no UTF-8 spelled out."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())


def unlisted(folder: Path, error: OSError, class_name: str) -> Photo:
    """Stand for a folder that can't be listed."""
    said = f"can't be listed ({error.strerror}), so nothing in {folder.name} is read"
    return Photo(Path(error.filename or folder), class_name, PICTURES, None, said)


def files_in(folder: Path) -> list[Path]:
    """List all that is in a folder and no folder itself, in an order of its own; hidden files are left out."""
    return sorted(path for path in folder.iterdir() if not _hidden(path) and not path.is_dir())


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder, in an order of their own."""
    return sorted(path for path in folder.iterdir() if not _hidden(path) and path.is_dir())


def files_below(folder: Path, seen: set[Path] | None = None) -> list[Path]:
    """List the files of a folder and of all below it, each folder once, wherever links lead."""
    seen = set() if seen is None else seen
    if folder.resolve() in seen:
        return []
    seen.add(folder.resolve())
    return files_in(folder) + [path for inner in folders_in(folder) for path in files_below(inner, seen)]


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in HOUSEKEEPING
