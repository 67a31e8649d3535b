"""Listing photographs of people and dogs: each kind of folder is recognised by its layout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from vae_jax.data.faces.photographs import cat2dog, columbia_dogs, landmark_table, lfw, oxford_pets, utkface
from vae_jax.data.faces.photographs.layout_choice import FIELD, chosen_for, read_choice
from vae_jax.data.faces.photographs.photo import PICTURES, Listing, Photo, Sought, files_in, folders_in, plain, unlisted


class Layout(Protocol):
    """A reader of one layout."""

    def __call__(self, folder: Path, *, chosen: bool = False) -> Listing | None:
        """List the photographs of a folder; None if it is of another kind.

        Args:
            folder: the folder; those below it are read only if they belong to the set.
            chosen: the user chose this layout, so names and sizes are not checked.
        """


# By their names in `config.data.layout`; the first that recognises a folder reads it.
LAYOUTS: Mapping[str, Layout] = {
    "landmarks": landmark_table.read,
    "columbia_dogs": columbia_dogs.read,
    "oxford_pets": oxford_pets.read,
    "cat2dog": cat2dog.read,
    "utkface": utkface.read,
    "lfw": lfw.read,
}
SKIP = "skip"  # a folder that is left out
KINDS = (*LAYOUTS, PICTURES, SKIP)
MOST_FOLDERS = 3  # named of each kind


def find_faces(folder: Path, but: Path | None = None, layout: str = "") -> list[Photo]:
    """List the files below a folder as photographs of people and dogs, in a fixed order.

    Files in folders of no known kind are taken as pictures of people whose faces must be detected. Files that are not
    pictures are listed too, and skipped with a reason when they are read.

    Args:
        folder: may hold folders of all kinds; each is read once, even if links lead to it.
        but: a folder below it to leave out.
        layout: `config.data.layout`.

    Raises:
        UserError: a table of landmarks can't be read, or the layout is wrong.
    """
    left_out = {but.resolve()} - {folder.resolve()} if but else set[Path]()
    return _faces(folder, left_out, read_choice(layout, folder, KINDS))


def _faces(folder: Path, seen: set[Path], choice: dict[Path, str]) -> list[Photo]:
    if folder.resolve() in seen:
        return []
    seen.add(folder.resolve())
    kind = chosen_for(folder, choice)
    if kind == SKIP:
        inner = [path for path in choice if folder in path.parents]
        named = Photo(folder, "people", PICTURES, None, f"left out, as {FIELD} says")
        return [named, *(photo for path in inner for photo in _faces(path, seen, choice))]
    layouts = {kind: LAYOUTS[kind]} if kind in LAYOUTS else {} if kind else LAYOUTS
    try:
        found = next(filter(None, (read(folder, chosen=bool(kind)) for read in layouts.values())), Listing([]))
        read_already = {photo.path for photo in found.photos}
        others = [path for path in files_in(folder) if path not in read_already and path.name not in found.files]
        inner = [path for path in folders_in(folder) if path.name not in found.folders]
    except OSError as error:
        return [unlisted(folder, error, "people")]
    of_no_kind = [Photo(path, "people", PICTURES, Sought()) for path in others]
    return [*found.photos, *of_no_kind, *(photo for path in inner for photo in _faces(path, seen, choice))]


def describe_layouts(photos: list[Photo], root: Path) -> str:
    """Describe in one line which folders were taken as which kind, and how to overrule that; '' without photos."""
    folders: dict[str, dict[Path, None]] = {}
    for photo in photos:
        stands_for_a_folder = photo.layout == PICTURES and photo.marks is None  # left out, or can't be listed
        if photo.path.is_relative_to(root) and not stands_for_a_folder:
            folders.setdefault(photo.layout, {})[photo.path.parent.relative_to(root)] = None
    parts = []
    for layout, found in folders.items():
        among = _fewer(list(found))
        more = f" and {len(among) - MOST_FOLDERS:,} more" if len(among) > MOST_FOLDERS else ""
        kind = "pictures of people whose faces are sought" if layout == PICTURES else layout
        parts.append(f"{kind}: {', '.join(plain(str(path)) for path in among[:MOST_FOLDERS])}{more}")
    if not parts:
        return ""
    return f"layouts: {'; '.join(parts)}; --{FIELD}=FOLDER=KIND overrules, KIND one of {', '.join(KINDS)}"


def _fewer(folders: list[Path]) -> list[Path]:
    """Replace folders by their parents at the greatest depth that leaves at most `MOST_FOLDERS`, if there is one."""
    deepest = max(len(path.parts) for path in folders)
    cut = (list(dict.fromkeys(Path(*path.parts[:depth]) for path in folders)) for depth in range(deepest, 0, -1))
    return next((fewer for fewer in cut if len(fewer) <= MOST_FOLDERS), folders)
