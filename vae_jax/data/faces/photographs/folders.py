"""Listing any folder of pictures: its subfolders are classes, or splits with classes in them."""

from collections.abc import Container
from pathlib import Path

from vae_jax.core.errors import UserError, nearest
from vae_jax.core.plain_text import first_of
from vae_jax.data.faces.photographs.layout_choice import FIELD
from vae_jax.data.faces.photographs.photo import PICTURES, Photo, files_below, files_in, folders_in, unlisted

CLASSES, SPLITS = "classes", "splits"  # what `config.data.layout` may say
TRAIN, VALIDATION, TEST = ("train", "training"), ("val", "valid", "validation", "dev"), ("test", "testing")


def find_pictures(folder: Path, but: Path | None = None, layout: str = "") -> list[Photo]:
    """List all files below a folder; a file's class is the first subfolder on its path, below a split the second.

    Args:
        folder: where to look; links are followed.
        but: a folder below it to leave out.
        layout: whether its folders are `classes` or `splits`; '': decided by their names.

    Raises:
        UserError: the layout is something else.
    """
    if layout not in ("", CLASSES, SPLITS):
        known = (CLASSES, SPLITS)
        raise UserError(f"{FIELD}: found {layout!r}; needs {' or '.join(known)} here{nearest(layout, known)}")
    left_out = {folder.resolve(), *({but.resolve()} if but else ())}
    own = folder.resolve().name
    try:
        inner = [path for path in folders_in(folder) if path.resolve() not in left_out]
        splits = {} if layout == CLASSES else _splits_of(inner, chosen=layout == SPLITS)
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
    """List the files in a folder with class `own`, and those in each subfolder with its name as class."""
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


def describe_splits(photos: list[Photo], layout: str = "") -> str:
    """Describe in one line that folders were taken as splits, and how to overrule that; '' if they were not."""
    counts = {split: sum(photo.split == split for photo in photos) for split in ("train", "test")}
    if not counts["test"]:
        return ""
    why = "as layout says" if layout else f"as their names say; --{FIELD}={CLASSES} makes classes of them"
    return f"folders are splits: {counts['train']:,} training and {counts['test']:,} test files, {why}"


def _splits_of(folders: list[Path], *, chosen: bool = False) -> dict[Path, str]:
    """Return `train` or `test` for each folder that is a split; {} if the folders are classes.

    They are splits if all of them (or some, if the user chose splits) have names of splits, at least one for training
    and one for test. Without a test folder the validation folder is for test; with one it is for training.

    Raises:
        UserError: the user chose splits and there are none.
    """
    names = {path: path.name.lower() for path in folders}
    evaluated = TEST if any(name in TEST for name in names.values()) else VALIDATION
    splits = {
        path: "test" if name in evaluated else "train"
        for path, name in names.items()
        if name in TRAIN + VALIDATION + TEST
    }
    whole = chosen or len(splits) == len(folders)
    if whole and any(name in TRAIN for name in names.values()) and "test" in splits.values():
        return splits
    if chosen:
        there = first_of(sorted(path.name for path in folders)) or "none"
        raise UserError(f"{FIELD}: found {SPLITS!r} and the folders {there}; needs train and test (or val) among them")
    return {}
