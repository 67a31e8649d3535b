"""Columbia Dogs with Parts (Liu, Kanazawa, Jacobs and Belhumeur 2012): eight landmarks of each dog."""

from pathlib import Path

from vae_jax.data.faces.photographs.photo import Listing, Marked, Photo, files_in, folders_in, read_small

RIGHT_EYE, LEFT_EYE, NOSE, PARTS = 0, 1, 2, 8  # rows of a parts file; right and left are the dog's
FOLDERS, LISTS = ("dogImages", "dogParts"), ("training.txt", "testing.txt")
LARGEST = 10_000  # bytes of a parts file; the set's have some hundred


def read(folder: Path, *, chosen: bool = False) -> Listing | None:
    """List the dogs of the set's folder (`CU_Dogs`); if its two lists exist, only dogs in them can be used."""
    del chosen
    if not all((folder / name).is_dir() for name in FOLDERS):
        return None
    listed = _listed(folder)
    images = folder / "dogImages"
    files = [path for inside in (images, *folders_in(images)) for path in files_in(inside)]
    return Listing([_photo(folder, path, listed) for path in files], FOLDERS, LISTS)


def _place(folder: Path, path: Path) -> str:
    return path.relative_to(folder / "dogImages").as_posix()


def _listed(folder: Path) -> set[str]:
    lists = [folder / name for name in LISTS if (folder / name).is_file()]
    lines = (line.strip() for path in lists for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return {"/".join(line.replace("\\", "/").split("/")[-2:]) for line in lines if line}


def _photo(folder: Path, path: Path, listed: set[str]) -> Photo:
    parts = folder / "dogParts" / Path(_place(folder, path)).with_suffix(".txt")
    breed = path.parent.name.partition(".")[2].replace("_", " ") or path.parent.name
    try:
        values, fault = eyes_and_nose(read_small(parts, LARGEST).decode(errors="replace")), ""
    except OSError:
        values, fault = (), "no parts file"
    except ValueError as error:
        values, fault = (), f"{parts.name}: {error}"
    if listed and _place(folder, path) not in listed:
        fault = f"in neither {' nor '.join(LISTS)}"
    return Photo(path, "dogs", "Columbia Dogs", Marked(values), fault, breed=breed)


def eyes_and_nose(text: str) -> tuple[float, ...]:
    """Parse a parts file, whose rows are `x y`; return x, y of the left eye, the right eye (as seen) and the nose.

    The dog's right eye is on the left of the picture, unless the dog is upside down; `landmark_fault` finds those.

    Raises:
        ValueError: there are not eight rows of two numbers.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if len(rows) != PARTS or any(len(row) != 2 for row in rows):
        raise ValueError(f"found {len(rows)} rows; needs {PARTS} of x y")
    try:
        points = [(float(x), float(y)) for x, y in rows]
    except ValueError:
        raise ValueError("found what is no number; needs x y in pixels") from None
    return (*points[RIGHT_EYE], *points[LEFT_EYE], *points[NOSE])
