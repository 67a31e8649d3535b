"""dogpeople: aligned photographs of people and dogs; unusable files are skipped and named."""

import csv
import dataclasses
import logging
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from drawn_photographs import EYES, HEADER, draw_dogs, draw_people, draw_photograph
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_runs import small_dataset

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import content_hashes
from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.faces.photographs import preparation
from vae_jax.data.sources import drawn_faces
from vae_jax.data.sources.dogpeople import CLASSES, load


@pytest.fixture
def raw(tmp_path):
    """A raw folder of 18 people and 8 dogs."""
    draw_people(tmp_path / "raw", 18)
    draw_dogs(tmp_path / "raw", 8)
    return tmp_path / "raw"


def config(raw, **changes):
    """The settings for a raw folder, with the prepared folder beside it."""
    wanted = {"name": "dogpeople", "raw_dir": str(raw), "prepared_dir": f"{raw}-prepared", "image_size": 24}
    return DataConfig(**(wanted | changes))


def counts(dataset):
    return np.bincount([*dataset.train.labels, *dataset.test.labels], minlength=2).tolist()


def test_people_and_dogs_are_grey_squares_of_the_size_asked_for(raw):
    dataset = load(config(raw, image_size=20))
    assert dataset.image_shape == (20, 20, 1)
    assert dataset.class_names == CLASSES == ("people", "dogs")
    assert counts(dataset) == [18, 8]
    assert dataset.notice == ""
    assert dataset.source == (
        f"photographs in {raw}: 18 people (UTKFace) and 8 dogs (landmarks.csv); "
        "held out in equal numbers: 1 people (5.6%) and 1 dogs (12.5%)"
    )


def test_dogs_and_people_have_eyes_and_nose_at_the_same_positions(raw):
    dataset = load(config(raw, image_size=60))
    images, labels = dataset.train.images[..., 0], dataset.train.labels
    for face in images[labels == 1]:
        for x, y in TEMPLATE:
            assert face[round(60 * y - 0.5), round(60 * x - 0.5)] < 70
        assert np.median(face) > 150


def test_people_and_dogs_are_drawn_equally_often(raw):
    dataset = load(config(raw))
    drawn = np.bincount(dataset.train.labels[dataset.sampling_indices])
    assert drawn[0] == drawn[1] == (dataset.train.labels == 0).sum()


def test_as_many_people_as_dogs_are_held_out(raw):
    held = np.bincount(load(config(raw, test_fraction=0.4)).test.labels)
    assert held.tolist() == [round(0.4 * 8)] * 2


def test_the_shares_held_out_are_in_source(tmp_path):
    draw_people(tmp_path / "raw", 40)
    draw_dogs(tmp_path / "raw", 10)
    dataset = load(config(tmp_path / "raw", test_fraction=0.2))
    assert dataset.source.endswith("; held out in equal numbers: 2 people (5.0%) and 2 dogs (20.0%)")


def test_a_single_dog_is_trained_on_and_source_says_so(tmp_path):
    draw_people(tmp_path / "raw", 10)
    draw_dogs(tmp_path / "raw", 1)
    dataset = load(config(tmp_path / "raw"))
    assert (dataset.train.labels.tolist().count(1), dataset.test.labels.tolist()) == (1, [0])
    assert "; trained on, not tested on: 1 class without two different pictures (dogs)" in dataset.source


def test_copies_of_a_photograph_lie_on_one_side(raw):
    for path in sorted((raw / "utkface" / "UTKFace").iterdir()):
        path.with_name(f"copy {path.name}").write_bytes(path.read_bytes())
    dataset = load(config(raw, test_fraction=0.5))
    assert counts(dataset) == [36, 8]
    assert not set(content_hashes(dataset.train.images)) & set(content_hashes(dataset.test.images))


def test_without_photographs_faces_are_drawn_with_a_notice(monkeypatch):
    asked, drawn = DataConfig(name="dogpeople"), small_dataset()
    monkeypatch.setattr(drawn_faces, "load", {asked: drawn}.__getitem__)
    dataset = load(asked)
    assert dataclasses.replace(dataset, name="small", notice="") == drawn
    assert dataset.name == "dogpeople"
    assert "drawn by the program, not photographs" in dataset.notice
    assert "python -m vae_jax.main --config=configs/dogpeople.py --config.data.raw_dir=" in dataset.notice
    assert "\n" not in dataset.notice


def test_photographs_in_the_default_folder_need_not_be_named(raw, tmp_path):
    (tmp_path / "data").mkdir()
    raw.rename(tmp_path / "data" / "raw")
    dataset = load(DataConfig(name="dogpeople", image_size=16))
    assert counts(dataset) == [18, 8]
    assert dataset.notice == ""


def test_the_environment_can_name_the_folder(raw, monkeypatch):
    monkeypatch.setenv("VAE_JAX_RAW", str(raw))
    assert counts(load(config("", prepared_dir="prepared"))) == [18, 8]


def refused(settings):
    """Return the error for photographs that can't be used."""
    with pytest.raises(UserError) as error:
        load(settings)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_given_folder_that_does_not_exist_is_an_error(tmp_path):
    message = refused(config(tmp_path / "nowhere"))
    assert message.startswith(f"{tmp_path}/nowhere: no such folder; needs people (such as UTKFace")


def test_a_given_folder_without_photographs_is_an_error(tmp_path):
    (tmp_path / "raw").mkdir()
    assert refused(config(tmp_path / "raw")).startswith(f"{tmp_path}/raw: found no usable people; needs people")


def test_people_without_dogs_and_dogs_without_people_are_errors(tmp_path):
    draw_people(tmp_path / "one", 3)
    draw_dogs(tmp_path / "other", 3)
    assert "one: found no usable dogs; found 3 people (UTKFace); needs" in refused(config(tmp_path / "one"))
    assert "other: found no usable people; found 3 dogs (landmarks.csv); needs" in refused(config(tmp_path / "other"))


def test_a_folder_in_which_nothing_can_be_read_is_an_error_with_the_count(raw):
    for path in (raw / "utkface").rglob("*.jpg"):
        path.write_bytes(b"")
    message = refused(config(raw))
    assert "found no usable people; found 8 dogs (landmarks.csv) (18 files skipped: 18 empty file (" in message


def test_odd_files_are_skipped_and_named(tmp_path, caplog):
    raw = tmp_path / "raw"
    draw_people(raw, 6)
    people, dogs = raw / "utkface" / "UTKFace", raw / "dogs" / "images"
    (people / "empty.jpg").touch()
    (people / "text.jpg").write_text("Not Found")
    whole = (people / "0_0_0_2017.jpg.chip.jpg").read_bytes()
    (people / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with Image.open(people / "1_0_0_2017.jpg.chip.jpg") as picture:
        picture.rotate(90).save(people / "really a gif.jpg", "GIF")
    odd = {
        "unmarked": ("",) * 6,
        "half_marked": (*EYES[:4], "", ""),
        "nan": (*EYES[:4], "nan", 80),
        "words": (*EYES[:4], "left", "right"),
        "outside": (*EYES[:2], 141, *EYES[3:]),
        "one_eyed": (*EYES[:2], *EYES[:2], *EYES[4:]),
        "swapped": (*EYES[2:4], *EYES[:2], *EYES[4:]),
    }
    for k, name in enumerate(odd):
        draw_photograph(dogs / f"{name}.jpg", 50 + k)
    rows = [(f"images/{name}.jpg", *points) for name, points in odd.items()]
    draw_dogs(
        raw, 5, [*rows, ("images/absent.jpg", *EYES), ("images/" + "x" * 300, *EYES), ("", *EYES), "images/short.jpg"]
    )
    with caplog.at_level(logging.WARNING, "vae_jax"):
        dataset = load(config(raw))
    assert counts(dataset) == [7, 5]
    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith(f"{raw}: skipped ")
    for reason in (
        "1 empty file (empty.jpg)",
        "1 not a picture (text.jpg)",
        "not a file (",
        "damaged: ",
        "5 eyes or nose not marked (",
        "1 landmarks outside the picture (outside.jpg)",
        "1 eyes less than 4 pixels apart (one_eyed.jpg)",
        "1 nose not below the eyes, or left and right eye swapped (swapped.jpg)",
    ):
        assert reason in message
    table = message.partition("every file is named in ")[2]
    with Path(table).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sum(bool(row["skipped"]) for row in rows) == 14
    assert sum(row["split"] in ("train", "test") for row in rows) == 12


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ((*EYES[:4], "", ""), "eyes or nose not marked"),
        ((*EYES[:4], "inf", 80), "eyes or nose not marked"),
        ((*EYES[:2], 141, *EYES[3:]), "landmarks outside the picture"),
        ((*EYES[:2], *EYES[:2], *EYES[4:]), "eyes less than 4 pixels apart"),
        ((*EYES[2:4], *EYES[:2], *EYES[4:]), "nose not below the eyes, or left and right eye swapped"),
    ],
)
def test_a_dog_whose_landmarks_can_not_be_used_is_skipped_with_the_reason(tmp_path, caplog, points, reason):
    raw = tmp_path / "raw"
    draw_people(raw, 3)
    draw_photograph(raw / "dogs" / "images" / "odd.jpg", 50)
    draw_dogs(raw, 3, [("images/odd.jpg", *points)])
    with caplog.at_level(logging.WARNING, "vae_jax"):
        load(config(raw))
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{raw}: skipped 1 {reason} (odd.jpg); every file is named in ")


def test_skipped_files_are_logged_again_when_the_cache_is_used(raw, caplog):
    (raw / "utkface" / "UTKFace" / "empty.jpg").touch()
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "vae_jax"):
            load(config(raw))
        assert "skipped 1 empty file (empty.jpg); every file is named in" in caplog.text


def test_a_photograph_may_have_any_name(raw):
    path = raw / "utkface" / "UTKFace" / os.fsdecode(b"caf\xe9 \xff.jpg")
    draw_photograph(raw / "new.jpg", 77)
    (raw / "new.jpg").rename(path)
    assert counts(load(config(raw))) == [19, 8]


def test_a_photograph_on_its_side_is_turned_before_its_landmarks_are_used(tmp_path):
    """The landmarks are those of the upright picture; it is stored rotated, with orientation 6."""
    raw = tmp_path / "raw"
    draw_people(raw, 3)
    draw_dogs(raw, 3)
    upright = load(config(raw, image_size=30))
    exif = Image.Exif()
    exif[0x112] = 6
    for path in (raw / "dogs" / "images").glob("*.jpg"):
        with Image.open(path) as picture:
            lying = picture.transpose(Image.Transpose.ROTATE_90)
        lying.save(path, "JPEG", quality=95, exif=exif)
    turned = load(config(raw, image_size=30))

    def dogs(dataset):
        faces = [split.images[split.labels == 1] for split in (dataset.train, dataset.test)]
        return sorted(np.concatenate(faces).astype(int), key=np.sum)

    for before, after in zip(dogs(upright), dogs(turned), strict=True):
        assert np.abs(before - after).mean() < 5


def test_photographs_are_prepared_once(raw, monkeypatch):
    before = load(config(raw))
    monkeypatch.setattr(preparation, "make_face", None)
    assert load(config(raw)).fingerprint == before.fingerprint


def touch(raw):
    os.utime(raw / "dogs" / "images" / "0.jpg", (1, 1))


def add(raw):
    draw_people(raw, 19)


def move_a_landmark(raw):
    table = raw / "dogs" / "landmarks.csv"
    table.write_text(table.read_text().replace("45.0", "46.0"))


@pytest.mark.slow
@pytest.mark.parametrize("change", [touch, add, move_a_landmark])
def test_photographs_are_prepared_anew_where_anything_changed(raw, monkeypatch, change):
    load(config(raw))
    make, times = preparation.make_face, []
    monkeypatch.setattr(preparation, "make_face", lambda *arguments: (times.append(1), make(*arguments))[1])
    change(raw)
    load(config(raw))
    assert times


def test_another_size_is_prepared_for_itself(raw):
    assert load(config(raw, image_size=16)).image_shape == (16, 16, 1)
    assert load(config(raw, image_size=18)).image_shape == (18, 18, 1)


def test_preparing_does_not_change_the_warning_filters(raw):
    before = list(warnings.filters)
    load(config(raw))
    assert warnings.filters == before


@pytest.mark.parametrize("missing", ["file", "nose_y", "left_eye_x"])
def test_a_table_without_a_column_is_named(raw, missing):
    table = raw / "dogs" / "landmarks.csv"
    table.write_text(table.read_text().replace(missing, "other", 1))
    assert refused(config(raw)).startswith(f"{table}: has no column {missing}; needs file, left_eye_x, ")


@pytest.mark.parametrize("content", [b"file,caf\xe9\n", b"a" * 200_000, HEADER.encode("utf-16")])
def test_a_table_that_is_no_text_is_named(raw, content):
    table = raw / "dogs" / "landmarks.csv"
    table.write_bytes(content + b"\n" + content)
    assert refused(config(raw)).startswith(f"{table}: ")


def test_a_table_may_come_from_a_spreadsheet(raw):
    """With the byte-order mark, the line ends, other columns and another order of them."""
    table = raw / "dogs" / "landmarks.csv"
    lines = [line.split(",") for line in table.read_text().splitlines()]
    text = "\r\n".join(",".join([*reversed(cells), "7"]) for cells in lines)
    plain = load(config(raw))
    table.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load(config(raw)).fingerprint == plain.fingerprint


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzzed") / "raw"
    draw_people(folder, 2)
    draw_dogs(folder, 3)
    return folder, (folder / "dogs" / "landmarks.csv").read_bytes()


NUMBERS = st.floats().map(str) | st.sampled_from(["", "0", "60", "1e999", "-3", "\0", '"', "x" * 300])


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.binary(max_size=200)
    | st.lists(st.tuples(st.integers(0, 250), st.binary(max_size=4)), min_size=1, max_size=4)
    | st.lists(st.lists(NUMBERS, max_size=9), max_size=4)
)
def test_any_table_gives_faces_or_an_error_in_one_line(fuzzed, given_table):
    """Arbitrary bytes, the good table with some bytes replaced, or the good one with odd rows after it."""
    raw, good = fuzzed
    content = bytearray(good)
    if isinstance(given_table, bytes):
        content = given_table
    elif given_table and isinstance(given_table[0], tuple):
        for place, new in given_table:
            content[place : place + len(new)] = new
    else:
        content += "\n".join(",".join(["images/0.jpg", *row]) for row in given_table).encode()
    (raw / "dogs" / "landmarks.csv").write_bytes(content)
    try:
        dataset = load(config(raw, image_size=8))
    except UserError as error:
        assert str(raw) in str(error) or str(error).startswith("data: ")
        assert "\n" not in str(error)
    else:
        assert dataset.image_shape == (8, 8, 1)


@pytest.fixture(scope="module")
def photographs(real_folder, tmp_path_factory):
    """The real dogs and some of the real people, the set's malformed names among them."""
    people, dogs = real_folder("utkface"), real_folder("dogs")
    raw = tmp_path_factory.mktemp("real") / "raw"
    (raw / "utkface").mkdir(parents=True)
    (raw / "dogs").symlink_to(dogs)
    files = sorted(people.rglob("*.jpg"))
    malformed = [path for path in files if path.name.count("_") != 3]
    for path in {*files[::10], *malformed}:
        (raw / "utkface" / path.name).symlink_to(path)
    return raw, load(config(raw, image_size=50))


@pytest.mark.slow
def test_real_photographs_are_read(photographs):
    raw, dataset = photographs
    people, dogs = counts(dataset)
    assert people == len(list((raw / "utkface").iterdir())) > 500
    assert dogs > 0.95 * 734
    assert dataset.image_shape == (50, 50, 1)
    assert not set(content_hashes(dataset.train.images)) & set(content_hashes(dataset.test.images))
    assert len(set(np.bincount(dataset.test.labels))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_the_eyes_of_real_people_and_dogs_lie_over_each_other(photographs, name):
    """In the mean face, both eyes are darker than what is between and below them."""
    _, dataset = photographs
    mean = dataset.train.images[dataset.train.labels == CLASSES.index(name), ..., 0].mean(axis=0)

    def around(x, y):
        column, row = round(50 * x), round(50 * y)
        return mean[row - 2 : row + 2, column - 2 : column + 2].mean()

    (left, y), (right, _), (nose, _) = TEMPLATE
    for eye in (left, right):
        assert around(eye, y) < around(nose, y) - 5
        assert around(eye, y) < around(eye, y + 0.15) - 5


def test_files_of_other_data_sets_in_the_usual_folder_leave_the_faces_drawn(monkeypatch, tmp_path):
    drawn = small_dataset()
    monkeypatch.setattr(drawn_faces, "load", lambda _: drawn)
    (tmp_path / "data" / "raw" / "mnist").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "mnist" / "t10k-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b" + bytes(50))
    assert "drawn by the program" in load(DataConfig(name="dogpeople")).notice
    (tmp_path / "data" / "raw" / "mnist" / "us").write_bytes(b"GIF89a")
    with pytest.raises(UserError, match="found no usable people"):
        load(DataConfig(name="dogpeople"))


def test_the_guessed_layouts_are_logged_each_time(raw, caplog):
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.INFO, "vae_jax"):
            load(config(raw))
        assert "layouts: landmarks.csv: dogs/images; UTKFace: utkface/UTKFace; --config.data.layout=" in caplog.text
