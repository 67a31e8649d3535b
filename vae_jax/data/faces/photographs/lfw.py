"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller 2007): people, a folder each."""

import re
from pathlib import Path

from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.photographs.photo import InFrame, Listing, Photo, files_in
from vae_jax.data.formats.picture_files import picture_size

SIZE = (250, 250)  # of every picture of the set
# Eyes and nose in the set's aligned pictures.
IN_PICTURE: Template = ((0.416, 0.456), (0.584, 0.456), (0.5, 0.556))


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the pictures in the folder of a person; see `layouts.Layout`.

    Most files have the name of the folder and a number, and the first of them has the set's size.
    """
    files = files_in(folder)
    if not chosen:
        named = [path for path in files if re.fullmatch(re.escape(folder.name) + r"_\d{4}\.jpg", path.name)]
        if not folder.name[:1].isupper() or 2 * len(named) <= len(files) or picture_size(named[0]) != SIZE:
            return None
    return Listing([Photo(path, "people", "LFW", InFrame(IN_PICTURE)) for path in files]) if files else None
