"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller 2007): people, a folder each."""

import re
from pathlib import Path

from vae_jax.data.alignment import Template
from vae_jax.data.photographs.photo import Found, InFrame, Photo, pictures_in

# Where eyes and nose lie in the set's aligned pictures of 250 by 250 pixels.
IN_PICTURE: Template = ((0.416, 0.456), (0.584, 0.456), (0.5, 0.556))


def read(folder: Path) -> Found | None:
    """List the pictures of a person, if some here are named after the folder."""
    pictures = pictures_in(folder)
    if not any(re.fullmatch(re.escape(folder.name) + r"_\d{4}\.jpg", path.name) for path in pictures):
        return None
    return Found([Photo(path, "people", "LFW", InFrame(IN_PICTURE)) for path in pictures])
