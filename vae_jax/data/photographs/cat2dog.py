"""cat2dog (Lee et al. 2018, "DRIT"): dogs' faces laid over each other, 178 by 218 pixels."""

from pathlib import Path

from vae_jax.data.alignment import Template
from vae_jax.data.photographs.photo import Found, InFrame, Photo, pictures_in

IN_PICTURE: Template = ((0.371, 0.509), (0.612, 0.509), (0.494, 0.703))
DOGS, CATS = ("trainB", "testB"), ("trainA", "testA")


def read(folder: Path) -> Found | None:
    """List the dogs of the set's folder."""
    parts = [folder / name for name in DOGS if (folder / name).is_dir()]
    if not parts:
        return None
    pictures = [path for part in parts for path in pictures_in(part)]
    return Found([Photo(path, "dogs", "cat2dog", InFrame(IN_PICTURE)) for path in pictures], DOGS + CATS)
