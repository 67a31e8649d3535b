"""Oxford-IIIT Pet (Parkhi, Vedaldi, Zisserman and Jawahar 2012): cats and dogs, many with a box around the head."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.photographs.photo import InFrame, Listing, Photo, files_in, read_small

# The average eyes and nose of a dog in the box around its head.
IN_HEAD: Template = ((0.33, 0.42), (0.67, 0.42), (0.5, 0.74))
FOLDERS = ("images", "annotations")
NAME = re.compile(r"[A-Za-z]+(_[A-Za-z]+)*_\d+\.\w+")  # the breed and a number
SAMPLE = 8  # annotations that are checked
LARGEST = 100_000  # bytes of an annotation; the set's have a thousand


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the pets of the set's folder; only dogs with a box around their head can be used.

    The folder is recognised by its two folders, the names of at least half of its files, and boxes of cats and dogs
    only; see `layouts.Layout`.
    """
    boxes = folder / "annotations" / "xmls"
    if not (boxes.is_dir() and (folder / "images").is_dir()):
        return None
    files = files_in(folder / "images")
    if not chosen:
        named = [path for path in files if NAME.fullmatch(path.name)]
        if 2 * len(named) < len(files) or {_animal(path) for path in files_in(boxes)[:SAMPLE]} - {"cat", "dog", ""}:
            return None
    return Listing([_photo(path, boxes / f"{path.stem}.xml") for path in files], FOLDERS)


def _animal(annotation: Path) -> str:
    """Return the name of the annotated object; '' if it can't be read."""
    try:
        return _object(annotation).findtext("name", "").strip()
    except (OSError, ValueError):
        return ""


def _photo(path: Path, annotation: Path) -> Photo:
    breed = path.stem.rpartition("_")[0].replace("_", " ").lower()
    if path.name[:1].isupper():  # the set's names of cats are capitalised
        return Photo(path, "dogs", "Oxford-IIIT Pet", None, "a cat", breed=breed)
    try:
        box, fault = head_box(annotation), ""
    except FileNotFoundError:
        box, fault = (), "no box around the head"
    except (OSError, ValueError) as error:
        box, fault = (), f"{annotation.name}: {' '.join(str(error).split())}"
    return Photo(path, "dogs", "Oxford-IIIT Pet", InFrame(IN_HEAD, box), fault, breed=breed)


def head_box(annotation: Path) -> tuple[float, ...]:
    """Return left, top, right and bottom of a dog's head in pixels from a Pascal VOC annotation.

    Raises:
        OSError: it can't be read.
        ValueError: it has no box of a dog's head.
    """
    found = _object(annotation)
    name = found.findtext("name", "").strip()
    if name != "dog":
        raise ValueError(f"found {name[:40]!r}; needs a dog")
    values = [found.findtext(f"bndbox/{side}", "") for side in ("xmin", "ymin", "xmax", "ymax")]
    try:
        left, top, right, bottom = (float(value) for value in values)
    except ValueError:
        raise ValueError(f"no box of numbers: {values}"[:80]) from None
    if not (0 <= left < right < float("inf") and 0 <= top < bottom < float("inf")):
        raise ValueError(f"no box: {left:g}, {top:g} to {right:g}, {bottom:g}")
    return left, top, right, bottom


def _object(annotation: Path) -> ElementTree.Element:
    content = read_small(annotation, LARGEST)
    try:
        found = ElementTree.fromstring(content).find("object")
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(f"no XML ({error})") from None
    if found is None:
        raise ValueError("no object")
    return found
