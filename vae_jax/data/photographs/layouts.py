"""Which photographs lie below a folder: each kind of folder is known by how it is laid out."""

from collections.abc import Callable
from pathlib import Path

from vae_jax.data.photographs import cat2dog, columbia_dogs, landmark_table, lfw, oxford_pets, utkface
from vae_jax.data.photographs.photo import Photo, Sought, folders_in, pictures_in

# Each returns None for a folder of another kind; the first that knows a folder reads it, with all below it.
LAYOUTS: tuple[Callable[[Path], list[Photo] | None], ...] = (
    landmark_table.read,
    columbia_dogs.read,
    oxford_pets.read,
    cat2dog.read,
    utkface.read,
    lfw.read,
)


def find_faces(folder: Path) -> list[Photo]:
    """List the photographs of people and dogs below a folder, in an order of their own.

    Pictures in folders of no known kind are taken for people, whose faces must be sought.

    Raises:
        UserError: a table can't be read.
    """
    for read in LAYOUTS:
        found = read(folder)
        if found is not None:
            return found
    here = [Photo(path, "people", "pictures", Sought()) for path in pictures_in(folder)]
    return here + [photo for inner in folders_in(folder) for photo in find_faces(inner)]


def find_pictures(folder: Path) -> list[Photo]:
    """List all pictures below a folder, to be taken as they are; the first folder on the way to one is its class."""

    def below(inner: Path) -> list[Path]:
        return pictures_in(inner) + [path for deeper in folders_in(inner) for path in below(deeper)]

    own = [Photo(path, folder.resolve().name, "pictures", None) for path in pictures_in(folder)]
    return own + [Photo(path, kind.name, "pictures", None) for kind in folders_in(folder) for path in below(kind)]
