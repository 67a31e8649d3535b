"""Columbia Dogs with Parts: eight landmarks of each dog; right and left are the dog's."""

import csv
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vae_jax.data.faces.photographs import columbia_dogs
from vae_jax.data.faces.photographs.columbia_dogs import LARGEST, eyes_and_nose, read
from vae_jax.data.faces.photographs.layouts import find_faces
from vae_jax.data.faces.photographs.photo import Marked
from vae_jax.data.faces.photographs.recipe import Recipe, make_face

# Of a dog that looks at us, its right eye is on the left.
ROWS = ["40 50", "90 55", "65 80", "20 5", "30 20", "65 10", "100 20", "110 5"]
FOUND = (40.0, 50.0, 90.0, 55.0, 65.0, 80.0)
BREED = "001.Affenpinscher_dog"


def place(folder, name, rows=ROWS, breed=BREED):
    for part in ("dogImages", "dogParts"):
        (folder / part / breed).mkdir(parents=True, exist_ok=True)
    (folder / "dogImages" / breed / f"{name}.jpg").touch()
    if rows is not None:
        (folder / "dogParts" / breed / f"{name}.txt").write_text("\n".join(rows) + "\n")
    return folder


def test_the_dogs_right_eye_is_the_one_on_the_left():
    assert eyes_and_nose("\n".join(ROWS)) == FOUND


def test_blank_lines_tabs_and_other_line_ends_do_no_harm():
    assert eyes_and_nose("\r\n".join(["", *ROWS, ""]).replace(" ", "\t")) == FOUND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found 0 rows; needs 8 of x y"),
        ("\n".join(ROWS[:7]), "found 7 rows; needs 8 of x y"),
        ("\n".join([*ROWS, "1 2"]), "found 9 rows; needs 8 of x y"),
        ("\n".join([*ROWS[:7], "1 2 3"]), "found 8 rows; needs 8 of x y"),
        ("\n".join([*ROWS[:7], "left right"]), "found what is no number; needs x y in pixels"),
        ("<html><body>404 Not Found</body></html>", "found 1 rows; needs 8 of x y"),
    ],
)
def test_other_than_eight_rows_of_two_numbers_is_said(text, message):
    with pytest.raises(ValueError) as error:
        eyes_and_nose(text)
    assert str(error.value) == message


@given(st.text() | st.lists(st.tuples(st.floats(), st.floats()).map(lambda row: f"{row[0]} {row[1]}"), max_size=9))
def test_any_parts_are_six_numbers_or_one_line(given_parts):
    text = given_parts if isinstance(given_parts, str) else "\n".join(given_parts)
    try:
        found = eyes_and_nose(text)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert len(found) == 6
        assert all(isinstance(value, float) for value in found)


def test_breeds_and_places_are_kept(tmp_path):
    place(tmp_path / "CU_Dogs", "a")
    place(tmp_path / "CU_Dogs", "b.2", breed="pug")
    first, second = find_faces(tmp_path)
    assert (first.class_name, first.layout, first.breed) == ("dogs", "Columbia Dogs", "Affenpinscher dog")
    assert first.marks == second.marks == Marked(FOUND)
    assert second.breed == "pug"


@pytest.mark.parametrize("lines", [["dogImages/{}/a.jpg", "{}/b.jpg\r"], ["{}\\a.jpg", "", "/x/y/{}/b.jpg"]])
def test_where_there_are_lists_a_dog_in_neither_is_skipped_by_name(tmp_path, lines):
    for name in "abc":
        place(tmp_path, name)
    for name, line in zip(("training.txt", "testing.txt"), (lines[0], "\n".join(lines[1:])), strict=True):
        (tmp_path / name).write_text(line.format(BREED) + "\n")
    faults = {photo.path.name: photo.fault for photo in read(tmp_path).photos}
    assert faults == {"a.jpg": "", "b.jpg": "", "c.jpg": "in neither training.txt nor testing.txt"}


def test_a_dog_whose_parts_can_not_be_used_is_skipped_with_the_reason(tmp_path):
    place(tmp_path, "absent", None)
    place(tmp_path, "short", ROWS[:3])
    place(tmp_path, "huge", ["1 1"] * LARGEST)
    place(tmp_path, "folder", None)
    (tmp_path / "dogParts" / BREED / "folder.txt").mkdir()
    place(tmp_path, "bytes", None)
    (tmp_path / "dogParts" / BREED / "bytes.txt").write_bytes(bytes(range(256)))
    place(tmp_path, "whole")
    faults = {photo.path.stem: photo.fault for photo in read(tmp_path).photos}
    assert faults.pop("bytes").startswith("bytes.txt: found ")
    assert faults == {
        "absent": "no parts file",
        "folder": "no parts file",
        "huge": "huge.txt: more than 10,000 bytes",
        "short": "short.txt: found 3 rows; needs 8 of x y",
        "whole": "",
    }


def test_a_pipe_in_place_of_parts_is_not_waited_for(tmp_path):
    place(tmp_path, "pipe", None)
    os.mkfifo(tmp_path / "dogParts" / BREED / "pipe.txt")
    assert [photo.fault for photo in read(tmp_path).photos] == ["no parts file"]


def test_a_folder_with_pictures_alone_is_of_another_kind(tmp_path):
    (tmp_path / "dogImages").mkdir()
    assert read(tmp_path) is None


def test_real_dogs_are_cut_as_by_their_own_table(real_folder, tmp_path):
    """The set itself was not available: parts that are missing in another table are filled in."""
    folder = real_folder("dogs")
    with (folder / "landmarks.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["left_eye_x"] and row["right_eye_x"] and row["nose_x"]][:40]
    for row in rows:
        name = row["file"].removeprefix("images/").removesuffix(".jpg")

        def at(part, row=row):
            return f"{row[f'{part}_x'] or 1} {row[f'{part}_y'] or 1}"

        ears = [at("left_ear"), at("left_ear"), "128 10", at("right_ear"), at("right_ear")]
        place(tmp_path, name, [at("left_eye"), at("right_eye"), at("nose"), *ears])
        (tmp_path / "dogImages" / BREED / f"{name}.jpg").unlink()
        (tmp_path / "dogImages" / BREED / f"{name}.jpg").symlink_to(folder / row["file"])
    ours = {photo.path.name: photo for photo in find_faces(tmp_path)}
    theirs = {photo.path.name: photo for photo in find_faces(folder) if photo.path.name in ours}
    assert len(ours) == len(theirs) == 40
    for name in list(ours)[:5]:
        faces = [make_face(photos[name], Recipe(32, True, "none", 0.1)) for photos in (ours, theirs)]
        np.testing.assert_array_equal(*faces)


def test_a_drawn_dog_is_turned_so_that_its_marks_lie_on_the_template(tmp_path):
    place(tmp_path, "a")
    picture = np.full((120, 140), 200, np.uint8)
    y, x = np.mgrid[:120, :140]
    for px, py in np.reshape(FOUND, (3, 2)):
        picture[(x - px) ** 2 + (y - py) ** 2 < 36] = 20
    Image.fromarray(picture).save(tmp_path / "dogImages" / BREED / "a.jpg", quality=95)
    (photo,) = columbia_dogs.read(tmp_path).photos
    face = make_face(photo, Recipe(60, False, "none", 0.1))[..., 0]
    for column, row in ((17, 17), (43, 17), (30, 31)):
        assert face[row, column] < 70
    assert np.median(face) > 150
