"""Faces of people and dogs, as in the post: grey, aligned, half of each by sampling."""

import hashlib
import logging
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from vae_jax.config import DataConfig
from vae_jax.data.alignment import TEMPLATE, Face, Points, align_face, cut_square, landmark_fault
from vae_jax.data.dataset import Dataset, balanced_draws, split_by_content
from vae_jax.data.landmark_table import read_table
from vae_jax.data.picture_files import UnusablePictureError, read_picture, report_skipped
from vae_jax.data.prepared_arrays import Arrays, prepared, text_array, text_value
from vae_jax.errors import UserError

log = logging.getLogger("vae_jax")

VERSION = "2"  # of the preparation: raise it when the same files shall give other arrays
CLASSES = ("people", "dogs")
COMMAND = "python -m vae_jax.main --config=configs/dogpeople.py --config.data.raw_dir=FOLDER"
NEEDS = "needs utkface/UTKFace/*.jpg (people) and dogs/landmarks.csv with dogs/images/*.jpg"


def load(config: DataConfig) -> Dataset:
    """Return aligned faces from the raw folder's photographs, or drawn ones where there is no raw folder.

    Raises:
        UserError: the user named a raw folder and it has no readable people, or no readable dogs.
    """
    raw = config.raw_folder
    people, dogs = find_people(raw), find_landmarks(raw)
    if not config.raw_folder_named and not people and not dogs:
        return _drawn(config)
    if not raw.is_dir():
        raise UserError(f"{raw}: no such folder; {NEEDS}, or leave config.data.raw_dir and VAE_JAX_RAW unset")
    make = partial(_prepare, people, dogs, config.image_size)
    key = _key(people, dogs, config.image_size)
    arrays = prepared(Path(config.prepared_dir).expanduser(), "dogpeople", key, make)
    for k, name in enumerate(CLASSES):
        skipped = text_value(arrays[f"skipped_{name}"])
        assert isinstance(skipped, list)
        report_skipped(f"{raw}: {name}", [(file, reason) for file, reason in skipped])
        if not (arrays["labels"] == k).any():
            raise UserError(f"{raw}: found no readable {name} ({len(skipped)} files skipped); {NEEDS}")
    labels = arrays["labels"]
    train, test = split_by_content(arrays["images"], labels, config.test_fraction, equal_classes=True)
    counts = [int((labels == k).sum()) for k in range(2)]
    source = f"photographs in {raw}: {counts[0]:,} people (UTKFace) and {counts[1]:,} dogs (landmarks.csv)"
    return Dataset("dogpeople", source, train, test, CLASSES, draws=balanced_draws(train.labels), template=TEMPLATE)


def _drawn(config: DataConfig) -> Dataset:
    from vae_jax.data.drawn_faces import load as load_drawn

    notice = f"These faces are drawn by the program, not photographs. With photographs: {COMMAND}"
    return replace(load_drawn(config), name="dogpeople", notice=notice)


def find_people(raw: Path) -> list[Path]:
    """List the pictures of people, in an order of their own."""
    folders = [raw / "utkface", raw / "UTKFace"]
    return sorted(path for folder in folders if folder.is_dir() for path in folder.rglob("*.jpg"))


def find_landmarks(raw: Path) -> list[tuple[Path, Points]]:
    """List the pictures of dogs with left eye, right eye and nose (NaN where not marked), in an order of their own.

    Raises:
        UserError: `landmarks.csv` can't be read.
    """
    table = raw / "dogs" / "landmarks.csv"
    if not table.is_file():
        return []
    return sorted(read_table(table).items(), key=lambda entry: entry[0])


def _key(people: Sequence[Path], dogs: Sequence[tuple[Path, Points]], size: int) -> str:
    """Stand for the files, their times and landmarks, the size and the way of preparing."""
    digest = hashlib.sha256(f"{VERSION} {size}".encode())
    for path in (*people, *(path for path, _ in dogs)):
        digest.update(f"{path}|{_stamp(path)}".encode(errors="surrogateescape"))
    for _, points in dogs:
        digest.update(points.tobytes())
    return digest.hexdigest()[:16]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):  # not there, or no name that a file can have
        return None
    return stat.st_size, stat.st_mtime_ns


def _prepare(people: Sequence[Path], dogs: Sequence[tuple[Path, Points]], size: int) -> Arrays:
    log.info("preparing %s pictures of people and %s of dogs (once)", f"{len(people):,}", f"{len(dogs):,}")
    faces, skipped_people = _collect((path, partial(person_face, path, size)) for path in people)
    dog_faces, skipped_dogs = _collect(((path, partial(dog_face, path, points, size)) for path, points in dogs))
    images = np.array([*faces, *dog_faces], np.uint8).reshape(-1, size, size, 1)
    return {
        "images": images,
        "labels": np.repeat(np.arange(2, dtype=np.int32), [len(faces), len(dog_faces)]),
        "skipped_people": text_array(skipped_people),
        "skipped_dogs": text_array(skipped_dogs),
    }


def _collect(tasks: Iterable[tuple[Path, Callable[[], Face]]]) -> tuple[list[Face], list[tuple[str, str]]]:
    """Make faces, several at a time but in their order, and note what could not be made."""

    def attempt(task: tuple[Path, Callable[[], Face]]) -> Face | tuple[str, str]:
        path, make = task
        try:
            return make()
        except UnusablePictureError as error:
            return path.name, str(error)

    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        warnings.simplefilter("ignore")  # Pillow's own doubts about odd files: decoding decides
        results = list(pool.map(attempt, tasks))
    faces = [result for result in results if not isinstance(result, tuple)]
    return faces, [result for result in results if isinstance(result, tuple)]


def person_face(path: Path, size: int) -> Face:
    """Read one of UTKFace's faces, which are aligned already.

    Raises:
        UnusablePictureError: it can't be read.
    """
    return cut_square(read_picture(path), size)


def dog_face(path: Path, points: Points, size: int) -> Face:
    """Read a photograph of a dog and align its face.

    Raises:
        UnusablePictureError: it can't be read, or its landmarks can't be used.
    """
    if not np.isfinite(points).all():
        raise UnusablePictureError("eyes or nose not marked")
    picture = read_picture(path)
    fault = landmark_fault(points, *picture.shape[:2])
    if fault:
        raise UnusablePictureError(fault)
    return align_face(picture, points, size)
