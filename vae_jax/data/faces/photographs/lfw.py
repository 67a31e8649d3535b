"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller 2007): people, a folder each."""

import re
from pathlib import Path

from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.photographs.photo import Found, InFrame, Photo, files_in
from vae_jax.data.formats.picture_files import picture_size

SIZE = (250, 250)  # of every picture of the set
# Where eyes and nose lie in the set's aligned pictures.
IN_PICTURE: Template = ((0.416, 0.456), (0.584, 0.456), (0.5, 0.556))


def read(folder: Path, *, told: bool = False) -> Found | None:
    """List the pictures of a person: most are named after the folder, in capitals, and numbered, and of the set's size.

    Args:
        folder: of the person.
        told: the user says that it is of this kind; names and sizes are not looked at.
    """
    files = files_in(folder)
    if not told:
        named = [path for path in files if re.fullmatch(re.escape(folder.name) + r"_\d{4}\.jpg", path.name)]
        if not folder.name[:1].isupper() or 2 * len(named) <= len(files) or picture_size(named[0]) != SIZE:
            return None
    return Found([Photo(path, "people", "LFW", InFrame(IN_PICTURE)) for path in files]) if files else None
