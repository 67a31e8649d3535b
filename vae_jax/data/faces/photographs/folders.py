"""Which pictures lie below a folder, taken as they are: its folders are classes, or splits with classes in them."""

from collections.abc import Container
from pathlib import Path

from vae_jax.core.errors import UserError, nearest
from vae_jax.data.faces.photographs.layout_choice import FIELD
from vae_jax.data.faces.photographs.photo import PICTURES, Photo, files_below, files_in, folders_in, unlisted

CLASSES, SPLITS = "classes", "splits"  # what `config.data.layout` may say
TRAIN, VALIDATION, TEST = ("train", "training"), ("val", "valid", "validation", "dev"), ("test", "testing")


def find_pictures(folder: Path, but: Path | None = None, layout: str = "") -> list[Photo]:
    """List all files below a folder; the first folder on the way to one is its class, the second below a split.

    Args:
        folder: links in it may lead anywhere.
        but: a folder below it to leave out.
        layout: `classes` or `splits` says what its folders are; '' means that their names tell, see `splits_of`.

    Raises:
        UserError: the layout is neither.
    """
    if layout not in ("", CLASSES, SPLITS):
        known = (CLASSES, SPLITS)
        raise UserError(f"{FIELD}: found {layout!r}; needs {' or '.join(known)} here{nearest(layout, known)}")
    left_out = {folder.resolve(), *({but.resolve()} if but else ())}
    own = folder.resolve().name
    try:
        inner = [path for path in folders_in(folder) if path.resolve() not in left_out]
        splits = {} if layout == CLASSES else splits_of(inner, told=layout == SPLITS)
        found = _classes(folder, own, left_out, "train" if splits else "", splits)
    except OSError as error:
        return [unlisted(folder, error, folder.name)]
    for path, split in splits.items():
        try:
            found += _classes(path, own, left_out, split)
        except OSError as error:
            found.append(unlisted(path, error, own))
    return found


def _classes(folder: Path, own: str, left_out: set[Path], split: str, but: Container[Path] = ()) -> list[Photo]:
    """List the files of a folder as of the class `own`, and those of each folder in it as of a class of its name."""
    found = [Photo(path, own, PICTURES, None, split=split) for path in files_in(folder)]
    for kind in folders_in(folder):
        if kind in but:
            continue
        try:
            paths = files_below(kind, set(left_out))
            found += [Photo(path, kind.name, PICTURES, None, split=split) for path in paths]
        except OSError as error:
            found.append(unlisted(kind, error, kind.name))
    return found


def splits_told(photos: list[Photo], layout: str = "") -> str:
    """Say in one line that folders were taken for splits, and how to overrule that; '' where they were not."""
    counts = {split: sum(photo.split == split for photo in photos) for split in ("train", "test")}
    if not counts["test"]:
        return ""
    said = "as layout says" if layout else f"as their names say; --{FIELD}={CLASSES} makes classes of them"
    return f"folders are splits: {counts['train']:,} files to learn from, {counts['test']:,} to be evaluated on, {said}"


def splits_of(folders: list[Path], *, told: bool = False) -> dict[Path, str]:
    """Say which folders are splits: `train` or `test` of each; none where they are classes.

    They are splits where all of them have such names and there is one to learn from and one to be evaluated on.
    Without a test folder the validation folder is that; with one it is learned from.

    Args:
        folders: those beside each other.
        told: the user says that folders of such names are splits, whatever else lies beside them.
    """
    names = {path: path.name.lower() for path in folders}
    evaluated = TEST if any(name in TEST for name in names.values()) else VALIDATION
    splits = {
        path: "test" if name in evaluated else "train"
        for path, name in names.items()
        if name in TRAIN + VALIDATION + TEST
    }
    whole = told or len(splits) == len(folders)
    return splits if whole and any(name in TRAIN for name in names.values()) and "test" in splits.values() else {}
