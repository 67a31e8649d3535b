"""cat2dog (Lee et al. 2018, "DRIT"): aligned faces of dogs."""

from pathlib import Path

from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.photographs.photo import InFrame, Listing, Photo, files_in, sizes_among

SIZE = (178, 218)  # of every picture; other sets of two domains have folders of the same names
IN_PICTURE: Template = ((0.371, 0.509), (0.612, 0.509), (0.494, 0.703))
DOGS, CATS = ("trainB", "testB"), ("trainA", "testA")


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the pictures of the set's folder; only dogs can be used. See `layouts.Layout`."""
    dogs, cats = (
        [path for name in names if (folder / name).is_dir() for path in files_in(folder / name)]
        for names in (DOGS, CATS)
    )
    if not dogs or not (chosen or sizes_among(dogs) == {SIZE}):
        return None
    photos = [Photo(path, "dogs", "cat2dog", InFrame(IN_PICTURE)) for path in dogs]
    return Listing([*photos, *(Photo(path, "dogs", "cat2dog", None, "a cat") for path in cats)], DOGS + CATS)
