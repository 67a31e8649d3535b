"""Preparation of photographs: faces are aligned, split and written by TFDS, with a table of every file.

Faces are spooled to disk, so that memory holds only a thumbnail and a row of facts for each picture.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from vae_jax.core.atomic_files import written_atomically
from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.core.locks import alone_in
from vae_jax.core.plain_text import first_of
from vae_jax.core.progress import Progress
from vae_jax.core.threaded_map import threaded_map
from vae_jax.data.faces.alignment import Face
from vae_jax.data.faces.photographs.duplicates import near_identical, thumbnail
from vae_jax.data.faces.photographs.given_splits import held_out_as_given
from vae_jax.data.faces.photographs.outcomes import (
    Outcome,
    as_utf8,
    class_names,
    describe_kept,
    describe_skipped,
    write_outcomes,
)
from vae_jax.data.faces.photographs.photo import Photo, plain
from vae_jax.data.faces.photographs.recipe import Recipe, make_face
from vae_jax.data.faces.published_faces import BY_HAND
from vae_jax.data.formats.picture_builder import Example, make_builder, prepare
from vae_jax.data.grouped_split import content_keys, held_out

log = logging.getLogger("vae_jax")

FaceOrReason = tuple[bytes, bytes] | str  # a face and its thumbnail, or why there is none
LONGEST_REASON = 160  # characters; error messages may hold text of hostile files
SPOOL, SHEET = "faces", "contact_sheet.png"
FACTS: dict[str, type] = {"file": str, "layout": str, "breed": str, "age": int, "gender": int, "race": int}


class NoUsablePhotosError(UserError):
    """Too few photographs can be used; says which, and why."""


def prepare_photos(name: str, photos: Sequence[Photo], recipe: Recipe, target: Path) -> None:
    """Prepare photographs in a folder, atomically, unless it exists.

    Args:
        name: of the data set.
        photos: in the order of the images.
        recipe: how they become images.
        target: the folder for the files of TFDS, `files.csv` and `contact_sheet.png`.

    Raises:
        NoUsablePhotosError: a required class has no photographs, or no class has two different ones.
        UserError: the folder can't be written.
    """
    if target.is_dir():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(target.parent):
            if target.is_dir():  # another run prepared it
                return
            log.info("preparing %s photographs for %s (once)", f"{len(photos):,}", name)
            with written_atomically(target) as partial_folder:
                partial_folder.mkdir()
                _prepare_in(partial_folder, name, photos, recipe)
    except OSError as error:
        fault = error.strerror or plain(str(error))
        raise UserError(f"{target}: can't be written ({fault}); change config.data.prepared_dir") from None


def open_prepared(name: str, recipe: Recipe, names: tuple[str, ...], target: Path) -> Any:
    """Return the TFDS builder of a prepared folder."""
    return make_builder(name, recipe.shape, names, {}, target, FACTS, BY_HAND)


def _prepare_in(folder: Path, name: str, photos: Sequence[Photo], recipe: Recipe) -> None:
    kept: list[Photo] = []
    skipped: list[Outcome] = []
    hashes, thumbnails = [], bytearray()
    with (folder / SPOOL).open("wb") as file:  # not a memory map: a full disk would kill the process
        for photo, found in zip(photos, _faces(photos, recipe), strict=True):
            if isinstance(found, str):
                skipped.append(Outcome(photo, reason=found))
                continue
            content, shrunk = found
            file.write(content)
            kept.append(photo)
            hashes.append(hashlib.sha256(content).hexdigest())
            thumbnails += shrunk
    names = class_names(kept)
    for wanted in recipe.classes or names or ("pictures",):
        if wanted not in names:
            reasons = f" ({len(skipped):,} files skipped: {describe_skipped(skipped)})" if skipped else ""
            there = f"; found {describe_kept([Outcome(photo) for photo in kept])}" if kept else ""
            raise NoUsablePhotosError(f"found no usable {wanted}{there}{reasons}")
    numbers = {class_name: label for label, class_name in enumerate(names)}
    labels = np.array([numbers[photo.class_name] for photo in kept], np.int32)
    with Progress(f"looking for pictures that are nearly the same among {len(kept):,}"):
        keys = content_keys(hashes, near_identical(np.frombuffer(thumbnails, np.uint8).reshape(len(kept), -1)))
    if not any(len(set(keys[labels == label])) > 1 for label in range(len(names))):
        raise NoUsablePhotosError(_all_alike(labels, names))
    given = [photo.split for photo in kept]
    in_test = (
        held_out(keys, labels, recipe.test_fraction, equal_classes=bool(recipe.classes))
        if "test" not in given
        else held_out_as_given(keys, given)
    )
    splits = {"train": np.flatnonzero(~in_test), "test": np.flatnonzero(in_test)}
    faces = partial(_spooled, folder / SPOOL, recipe.shape)
    examples = {
        split: (len(chosen), partial(_example, faces, kept, labels, chosen)) for split, chosen in splits.items()
    }
    prepare(make_builder(name, recipe.shape, names, examples, folder, FACTS, BY_HAND))
    chosen = [
        Outcome(photo, "test" if held else "train", group=group)
        for photo, held, group in zip(kept, in_test, _numbers(keys), strict=True)
    ]
    write_outcomes(folder, [*chosen, *skipped])
    from vae_jax.data.faces.photographs.contact_sheet import draw_contact_sheet

    with Progress("drawing the contact sheet"):
        draw_contact_sheet(kept, faces, folder / SHEET)
    (folder / SPOOL).unlink()


def _all_alike(labels: np.ndarray, names: Sequence[str]) -> str:
    """Return the error message for classes that can't be split."""
    counts = np.bincount(labels)
    named = first_of([f"{count:,} of {plain(name)}" for count, name in zip(counts, names, strict=True)])
    return (
        f"found no two different pictures of one class ({named}); a split needs them "
        "(folders are classes, near-identical pictures count as one)"
    )


def _numbers(keys: np.ndarray) -> list[str]:
    """Number the groups of two or more pictures in order of appearance; '' for a picture that is alone."""
    first, group, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)[1:]
    several = np.flatnonzero(counts > 1)
    numbers = {int(k): str(n) for n, k in enumerate(several[np.argsort(first[several])], 1)}
    return [numbers.get(int(k), "") for k in group]


def _faces(photos: Sequence[Photo], recipe: Recipe) -> Iterator[FaceOrReason]:
    """Yield the pixels of each photograph's face and its thumbnail, or why there is none."""

    def attempt(photo: Photo) -> FaceOrReason:
        try:
            face = make_face(photo, recipe)
        except UnusablePictureError as error:
            return plain(str(error))[:LONGEST_REASON]
        return face.tobytes(), thumbnail(face).tobytes()

    with Progress("making images of photographs", len(photos), unit="photograph") as progress, catch_warnings():
        simplefilter("ignore")  # Pillow's warnings of odd files; decoding shows whether they can be used
        for found in threaded_map(attempt, photos):
            yield found
            progress.advance()


def _spooled(file: Path, shape: tuple[int, int, int], k: int) -> Face:
    """Read a face from the spool file; a memory map would keep all faces in memory."""
    size = math.prod(shape)
    return np.fromfile(file, np.uint8, size, offset=k * size).reshape(shape)


def _example(
    faces: Callable[[int], Face], photos: Sequence[Photo], labels: np.ndarray, chosen: np.ndarray, place: int
) -> Example:
    k = int(chosen[place])
    facts = {name: getattr(photos[k], name) for name in FACTS if name != "file"}
    return faces(k), int(labels[k]), {"file": as_utf8(photos[k].path), **facts}
