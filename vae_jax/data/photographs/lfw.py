"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller 2007): people, a folder each."""

import re
from pathlib import Path

from vae_jax.data.alignment import Template
from vae_jax.data.photographs.photo import InFrame, Photo, folders_in, pictures_in

# Where eyes and nose lie in the set's aligned pictures of 250 by 250 pixels.
IN_PICTURE: Template = ((0.416, 0.456), (0.584, 0.456), (0.5, 0.556))


def read(folder: Path) -> list[Photo] | None:
    """List the people, if every folder here is one person's, with pictures named after them."""
    people = folders_in(folder)
    if not people or not all(_of_one_person(person) for person in people[:20]):
        return None
    pictures = [path for person in people for path in pictures_in(person)]
    return [Photo(path, "people", "LFW", InFrame(IN_PICTURE)) for path in pictures]


def _of_one_person(folder: Path) -> bool:
    pictures = pictures_in(folder)
    return bool(pictures) and all(re.fullmatch(re.escape(folder.name) + r"_\d{4}\.jpg", p.name) for p in pictures)
