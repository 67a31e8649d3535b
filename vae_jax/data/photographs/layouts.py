"""Which photographs lie below a folder: each kind of folder is known by how it is laid out."""

from collections.abc import Callable
from pathlib import Path

from vae_jax.data.photographs import cat2dog, columbia_dogs, landmark_table, lfw, oxford_pets, utkface
from vae_jax.data.photographs.photo import Found, Photo, Sought, folders_in, pictures_below, pictures_in

# Each returns None for a folder of another kind; the first that knows a folder reads it.
LAYOUTS: tuple[Callable[[Path], Found | None], ...] = (
    landmark_table.read,
    columbia_dogs.read,
    oxford_pets.read,
    cat2dog.read,
    utkface.read,
    lfw.read,
)


def find_faces(folder: Path, but: Path | None = None) -> list[Photo]:
    """List the photographs of people and dogs below a folder, in an order of their own.

    Pictures in folders of no known kind are taken for people, whose faces must be sought.

    Args:
        folder: may hold folders of all kinds; each is read once, wherever links lead.
        but: a folder below it to leave out.

    Raises:
        UserError: a table can't be read.
    """
    return _faces(folder, _left_out(folder, but))


def _faces(folder: Path, seen: set[Path]) -> list[Photo]:
    if folder.resolve() in seen:
        return []
    seen.add(folder.resolve())
    try:
        found = next(filter(None, (read(folder) for read in LAYOUTS)), None) or _of_no_kind(folder)
        inner = [path for path in folders_in(folder) if path.name not in found.folders]
    except OSError as error:
        return [_unlisted(folder, error, "people")]
    return found.photos + [photo for path in inner for photo in _faces(path, seen)]


def _of_no_kind(folder: Path) -> Found:
    return Found([Photo(path, "people", "pictures", Sought()) for path in pictures_in(folder)])


def find_pictures(folder: Path, but: Path | None = None) -> list[Photo]:
    """List all pictures below a folder, to be taken as they are; the first folder on the way to one is its class.

    Args:
        folder: links in it may lead anywhere.
        but: a folder below it to leave out.
    """
    left_out = {folder.resolve(), *_left_out(folder, but)}

    def of_class(kind: Path) -> list[Photo]:
        try:
            return [Photo(path, kind.name, "pictures", None) for path in pictures_below(kind, set(left_out))]
        except OSError as error:
            return [_unlisted(kind, error, kind.name)]

    try:
        own = [Photo(path, folder.resolve().name, "pictures", None) for path in pictures_in(folder)]
        return own + [photo for kind in folders_in(folder) for photo in of_class(kind)]
    except OSError as error:
        return [_unlisted(folder, error, folder.name)]


def _left_out(folder: Path, but: Path | None) -> set[Path]:
    return {but.resolve()} - {folder.resolve()} if but else set()


def _unlisted(folder: Path, error: OSError, class_name: str) -> Photo:
    said = f"can't be listed ({error.strerror}), so nothing in {folder.name} is read"
    return Photo(Path(error.filename or folder), class_name, "pictures", None, said)
