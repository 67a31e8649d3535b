"""cat2dog (Lee et al. 2018, "DRIT"): dogs' faces laid over each other."""

from pathlib import Path

from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.photographs.photo import Found, InFrame, Photo, files_in
from vae_jax.data.faces.photographs.picture_sizes import sizes_among

SIZE = (178, 218)  # of every picture of the set; other sets of two kinds of things lie in folders of the same names
IN_PICTURE: Template = ((0.371, 0.509), (0.612, 0.509), (0.494, 0.703))
DOGS, CATS = ("trainB", "testB"), ("trainA", "testA")


def read(folder: Path, *, told: bool = False) -> Found | None:
    """List the pictures of the set's folder; only dogs can be used.

    Args:
        folder: with folders of dogs and of cats.
        told: the user says that it is of this kind; the pictures' sizes are not looked at.
    """
    dogs, cats = (
        [path for name in names if (folder / name).is_dir() for path in files_in(folder / name)]
        for names in (DOGS, CATS)
    )
    if not dogs or not (told or sizes_among(dogs) == {SIZE}):
        return None
    photos = [Photo(path, "dogs", "cat2dog", InFrame(IN_PICTURE)) for path in dogs]
    return Found([*photos, *(Photo(path, "dogs", "cat2dog", None, "a cat") for path in cats)], DOGS + CATS)
