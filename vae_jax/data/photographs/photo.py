"""A photograph that may become a face: where it lies, what it shows, and how its eyes and nose are found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.data.alignment import Picture, Points, Template
from vae_jax.data.face_finder import find_face

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


@dataclass(frozen=True)
class Marked:
    """They were marked by hand.

    Attributes:
        values: x, y of the left eye, of the right eye and of the nose, in pixels; NaN where not marked.
    """

    values: tuple[float, ...]

    def points(self, picture: Picture) -> Points:
        """Return what was marked."""
        return np.array(self.values).reshape(3, 2)


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Sought:
    """They must be sought in the picture, which shows a person."""

    def points(self, picture: Picture) -> Points:
        """Search by OpenCV's cascades."""
        return find_face(picture)


# How the left eye, the right eye (as seen) and the nose are found: x, y in pixels from the picture's top left corner.
Marks = Marked | InFrame | Sought


@dataclass(frozen=True)
class Photo:
    """A photograph as its folder describes it.

    Attributes:
        path: the file.
        class_name: what it shows.
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


def pictures_in(folder: Path) -> list[Path]:
    """List the files of a folder that by their names are pictures, in an order of their own."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not _hidden(path))


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder, but for links that lead back up, in an order of their own."""
    inner = (path for path in folder.iterdir() if path.is_dir() and not _hidden(path))
    return sorted(path for path in inner if not (path.is_symlink() and _leads_up(path)))


def _leads_up(link: Path) -> bool:
    return link.resolve() in {above.resolve() for above in link.absolute().parents}


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
