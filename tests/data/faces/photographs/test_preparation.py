"""Preparation of photographs: atomic, once, and in bounded memory."""

import csv
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from drawn_photographs import draw_photograph
from PIL import Image

from vae_jax.core import threaded_map
from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.data.faces.photographs import preparation
from vae_jax.data.faces.photographs.duplicates import near_identical, thumbnail
from vae_jax.data.faces.photographs.outcomes import TABLE
from vae_jax.data.faces.photographs.photo import Photo
from vae_jax.data.faces.photographs.preparation import (
    LONGEST_REASON,
    SHEET,
    NoUsablePhotosError,
    open_prepared,
    prepare_photos,
)
from vae_jax.data.faces.photographs.recipe import Recipe, make_face
from vae_jax.data.formats.picture_builder import read_split

RECIPE = Recipe(16, False, "none", 0.3)
ODD = Path(os.fsdecode(b"\xff\n<b>.jpg"))


def drawn(folder, *kinds, n=6):
    """Photographs of classes, each with different facts."""
    found = []
    for k, kind in enumerate(kinds):
        for j in range(n):
            path = folder / kind / f"{j}.jpg"
            draw_photograph(path, 100 * k + j)
            found.append(Photo(path, kind, "pictures", None, breed=f"breed {j}", age=j, gender=j % 2, race=k))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Prepared from two classes, a file that can't be used, a name of odd bytes, and brighter copies."""
    folder = tmp_path_factory.mktemp("whole")
    photos = drawn(folder / "raw", "cats", "owls")
    photos[0].path.rename(folder / "raw" / ODD)
    photos[0] = replace(photos[0], path=folder / "raw" / ODD)
    for k in (1, 2, 3):
        with Image.open(photos[k].path) as picture:
            bright = picture.point(lambda tone: 0.8 * tone + 20)
        path = folder / "raw" / f"copy {k}.jpg"
        bright.save(path, quality=80)
        photos.append(Photo(path, "cats", "pictures", None))
    photos.append(Photo(folder / "raw" / "gone.jpg", "owls", "pictures", None))
    prepare_photos("any", photos, RECIPE, folder / "prepared" / "any-1")
    return folder / "prepared" / "any-1", photos


def splits(whole):
    target, _ = whole
    builder = open_prepared("any", RECIPE, ("cats", "owls"), target)
    return builder, {name: read_split(builder, name) for name in ("train", "test")}


def rows_of(target):
    with (target / TABLE).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_images_are_those_that_the_recipe_makes_each_in_its_split(whole):
    target, photos = whole
    _, found = splits(whole)
    rows = rows_of(target)
    for name, (images, labels) in found.items():
        chosen = [k for k, row in enumerate(rows) if row["split"] == name]
        assert len(chosen) == len(images) > 0
        for k, image, label in zip(chosen, images, labels, strict=True):
            np.testing.assert_array_equal(image, make_face(photos[k], RECIPE))
            assert ("cats", "owls")[label] == photos[k].class_name


def test_the_facts_of_every_photograph_are_kept_with_it(whole):
    builder, _ = splits(whole)
    (row,) = [row for row in builder.as_data_source(split="train") if row["file"].endswith(b"owls/3.jpg")] or [
        row for row in builder.as_data_source(split="test") if row["file"].endswith(b"owls/3.jpg")
    ]
    assert (row["breed"], row["layout"]) == (b"breed 3", b"pictures")
    assert (row["age"], row["gender"], row["race"]) == (3, 1, 1)


def test_every_file_is_in_the_table_with_its_split_or_the_reason(whole):
    target, photos = whole
    rows = rows_of(target)
    assert len(rows) == len(photos)
    assert [row["skipped"] for row in rows if row["skipped"]] == ["not a file"]
    assert all(bool(row["split"]) != bool(row["skipped"]) for row in rows)


def test_near_identical_pictures_are_never_in_both_splits(whole):
    _, found = splits(whole)
    images = [*found["train"][0], *found["test"][0]]
    groups = near_identical(np.array([thumbnail(image) for image in images]))
    train, test = set(groups[: len(found["train"][0])]), set(groups[len(found["train"][0]) :])
    assert len(train | test) == 12 < len(images)
    assert not train & test


def test_no_other_files_are_left_beside_the_prepared_folder(whole):
    target, _ = whole
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    files = {path.relative_to(target).parts[0] for path in target.rglob("*") if path.is_file()}
    assert files == {path.name for path in target.iterdir()} == {"any", TABLE, SHEET}


def test_a_prepared_folder_is_not_prepared_again(whole, monkeypatch):
    target, photos = whole
    monkeypatch.setattr(preparation, "make_face", None)
    prepare_photos("any", photos, RECIPE, target)


def test_colours_are_kept(tmp_path):
    photos = drawn(tmp_path, "a", n=2)
    for photo, tone in zip(photos, ("red", "blue"), strict=True):
        half = Image.new("RGB", (32, 32), tone)
        half.paste("green", (0, 0, 9 if tone == "red" else 32, 9))
        half.save(photo.path, "PNG")
    recipe = replace(RECIPE, colour=True)
    prepare_photos("any", photos, recipe, tmp_path / "p")
    builder = open_prepared("any", recipe, ("a",), tmp_path / "p")
    tones = {tuple(read_split(builder, name)[0][0, -1, -1]) for name in ("train", "test")}
    assert tones == {(255, 0, 0), (0, 0, 255)}


def test_at_most_a_fixed_number_of_faces_wait_at_once(tmp_path, monkeypatch):
    """Made, but not yet written to disk."""
    monkeypatch.setattr(threaded_map, "AHEAD", 4)
    made, taken, waiting = [], [], []

    def make(photo, recipe):
        made.append(1)
        waiting.append(len(made) - len(taken))
        return make_face(photo, recipe)

    def take(make, things):
        for thing in threaded_map.threaded_map(make, things):
            taken.append(1)
            yield thing

    monkeypatch.setattr(preparation, "make_face", make)
    monkeypatch.setattr(preparation, "threaded_map", take)
    prepare_photos("any", drawn(tmp_path, "a", n=22), RECIPE, tmp_path / "p")
    assert len(made) == len(taken) == 22
    assert max(waiting) <= 4


@pytest.mark.parametrize("threads", [1, 8])
def test_the_number_of_threads_changes_nothing(whole, tmp_path, monkeypatch, threads):
    target, photos = whole

    def make(photo, recipe):
        sleep(0.002 * (photo.age % 3))
        return make_face(photo, recipe)

    monkeypatch.setattr(preparation, "make_face", make)
    monkeypatch.setattr(threaded_map, "THREADS", threads)
    prepare_photos("any", photos, RECIPE, tmp_path / "any-1")
    assert (tmp_path / "any-1" / TABLE).read_bytes() == (target / TABLE).read_bytes()
    for name, (images, labels) in splits(whole)[1].items():
        again = read_split(open_prepared("any", RECIPE, ("cats", "owls"), tmp_path / "any-1"), name)
        np.testing.assert_array_equal(again[0], images)
        np.testing.assert_array_equal(again[1], labels)


def test_two_runs_at_once_prepare_once_and_the_other_waits(tmp_path, monkeypatch):
    photos, made = drawn(tmp_path / "raw", "a"), []
    monkeypatch.setattr(preparation, "make_face", lambda *given: (made.append(1), sleep(0.02), make_face(*given))[2])
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(prepare_photos, "any", photos, RECIPE, tmp_path / "kept" / "any-1") for _ in range(2)]
    assert [run.result() for run in runs] == [None, None]
    assert len(made) == len(photos)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["any-1"]


STEPS = ["make_face", "thumbnail", "near_identical", "make_builder", "prepare", "write_outcomes"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failed_preparation_leaves_nothing_and_the_next_one_works(tmp_path, monkeypatch, step, error):
    photos, calls = drawn(tmp_path / "raw", "a"), []
    before = getattr(preparation, step)

    def dies(*arguments, **named):
        calls.append(1)
        if len(calls) > (3 if step in ("make_face", "thumbnail") else 0):
            raise error("died")
        return before(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(preparation, step, dies)
        with pytest.raises(error):
            prepare_photos("any", photos, RECIPE, tmp_path / "prepared" / "any-1")
    assert list((tmp_path / "prepared").iterdir()) == []


def test_the_partial_folder_of_a_killed_preparation_is_removed(tmp_path):
    left = tmp_path / "prepared" / ".partial_any-1"
    left.mkdir(parents=True)
    (left / "dataset_info.json").write_text("half")
    prepare_photos("any", drawn(tmp_path / "raw", "a"), RECIPE, tmp_path / "prepared" / "any-1")
    builder = open_prepared("any", RECIPE, ("a",), tmp_path / "prepared" / "any-1")
    assert sum(len(read_split(builder, name)[0]) for name in ("train", "test")) == 6
    assert not left.exists()


def test_pictures_of_one_class_that_are_all_alike_are_only_trained_on(tmp_path):
    photos = drawn(tmp_path / "raw", "cats", "owls")
    for photo in photos[7:]:
        photo.path.write_bytes(photos[6].path.read_bytes())
    prepare_photos("any", photos, RECIPE, tmp_path / "p")
    rows = rows_of(tmp_path / "p")
    assert {row["split"] for row in rows if row["class"] == "owls"} == {"train"}
    assert [row["group"] for row in rows] == [""] * 6 + ["1"] * 6
    assert {row["split"] for row in rows if row["class"] == "cats"} == {"train", "test"}


def test_of_a_burst_and_other_pictures_the_burst_stays_in_training(tmp_path):
    photos = drawn(tmp_path / "raw", "cats", n=10)
    for k in range(30):
        path = tmp_path / "raw" / f"burst {k}.jpg"
        path.write_bytes(photos[0].path.read_bytes() + bytes(k))  # other files, the same picture
        photos.append(replace(photos[0], path=path))
    prepare_photos("any", photos, replace(RECIPE, test_fraction=0.1), tmp_path / "p")
    rows = rows_of(tmp_path / "p")
    assert [k for k, row in enumerate(rows) if row["group"]] == [0, *range(10, 40)]
    assert sum(row["split"] == "test" for row in rows) == 4
    assert {row["split"] for row in rows if row["group"]} == {"train"}


def refused(*arguments):
    with pytest.raises(UserError) as error:
        prepare_photos(*arguments)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_a_folder_that_can_not_be_made_is_named_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    message = refused("any", drawn(tmp_path / "raw", "a"), RECIPE, tmp_path / "file" / "deep" / "any-1")
    assert message == f"{tmp_path}/file/deep/any-1: can't be written (Not a directory); change config.data.prepared_dir"


@pytest.mark.parametrize("step", ["thumbnail", "prepare", "write_outcomes"])
def test_a_full_disk_is_named_in_one_line(tmp_path, monkeypatch, step):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(preparation, step, full)
    message = refused("any", drawn(tmp_path / "raw", "a"), RECIPE, tmp_path / "any-1")
    assert message == f"{tmp_path}/any-1: can't be written (No space left on device); change config.data.prepared_dir"
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_too_few_usable_pictures_are_an_error_by_class(tmp_path):
    photos = drawn(tmp_path / "raw", "people", "dogs", n=2)
    wanted = replace(RECIPE, classes=("people", "dogs"))
    photos[2].path.write_bytes(b"")
    assert refused("any", photos[:2], wanted, tmp_path / "p") == "found no usable dogs; found 2 people (pictures)"
    assert refused("any", photos[:3], wanted, tmp_path / "p") == (
        "found no usable dogs; found 2 people (pictures) (1 files skipped: 1 empty file (0.jpg))"
    )
    assert refused("any", [photos[0], photos[3]], wanted, tmp_path / "p") == (
        "found no two different pictures of one class (1 of people, 1 of dogs); a split needs them "
        "(folders are classes, near-identical pictures count as one)"
    )
    assert refused("any", [], RECIPE, tmp_path / "p") == "found no usable pictures"
    with pytest.raises(NoUsablePhotosError):
        prepare_photos("any", [], RECIPE, tmp_path / "p")


def test_a_reason_is_one_short_line_whatever_the_file_holds(tmp_path, monkeypatch):
    photos = drawn(tmp_path / "raw", "a")

    def odd(photo, recipe):
        if photo is photos[0]:
            raise UnusablePictureError("damaged: \n\0 " + "x" * 100_000)
        return make_face(photo, recipe)

    monkeypatch.setattr(preparation, "make_face", odd)
    prepare_photos("any", photos, RECIPE, tmp_path / "p")
    (reason,) = [row["skipped"] for row in rows_of(tmp_path / "p") if row["skipped"]]
    assert len(reason) <= LONGEST_REASON
    assert reason.startswith("damaged: ")
    assert len(reason.splitlines()) == 1
