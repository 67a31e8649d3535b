"""Folders with a landmarks.csv."""

import numpy as np
import pytest
from drawn_photographs import EYES, HEADER, draw_photograph, write_table

from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.data.faces.photographs.landmark_table import COLUMNS, points_beside, read, read_table
from vae_jax.data.faces.photographs.photo import Marked
from vae_jax.data.faces.photographs.recipe import Recipe, make_face


def faults(folder):
    return {photo.path.name: photo.fault for photo in read(folder).photos}


def test_class_and_breed_are_read_where_the_table_has_them(tmp_path):
    rows = [("b.jpg", *EYES, "cats", "Manx"), ("a.jpg", *EYES, "", "")]
    write_table(tmp_path, rows, f"{HEADER},class,breed")
    first, second = read(tmp_path / "dogs").photos
    assert (first.path.name, first.class_name, first.breed, first.marks) == ("a.jpg", "dogs", "", Marked(EYES))
    assert (second.path.name, second.class_name, second.breed, second.layout) == (
        "b.jpg",
        "cats",
        "Manx",
        "landmarks.csv",
    )


def test_a_class_of_several_lines_becomes_one_line(tmp_path):
    write_table(tmp_path, [("a.jpg", *EYES, '"big\n <b>cats</b>"')], f"{HEADER},class")
    assert [photo.class_name for photo in read(tmp_path / "dogs").photos] == ["big <b>cats</b>"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.jpg", "images/../../secret.jpg", "/"])
def test_nothing_outside_the_tables_folder_is_read(tmp_path, name):
    draw_photograph(tmp_path / "secret.jpg", 0, EYES)
    write_table(tmp_path, [(name, *EYES)])
    (photo,) = read(tmp_path / "dogs").photos
    assert photo.fault == "outside the folder of its table"
    with pytest.raises(UnusablePictureError, match="outside the folder"):
        make_face(photo, Recipe(8, False, "none", 0.1))


def test_a_row_that_leads_away_does_not_hide_another_folder(tmp_path):
    write_table(tmp_path, [("other/../../x.jpg", *EYES), ("images/a.jpg", *EYES)])
    for name in ("other", "images"):
        (tmp_path / "dogs" / name).mkdir()
    assert read(tmp_path / "dogs").folders == ("images",)


def test_a_picture_that_is_not_in_the_table_has_a_reason(tmp_path):
    write_table(tmp_path, [("images/a.jpg", *EYES)])
    for name in ("stray.jpg", "images/a.jpg", "images/b.jpg", "images/deep/c.jpg"):
        draw_photograph(tmp_path / "dogs" / name, 0)
    message = "not in landmarks.csv"
    assert faults(tmp_path / "dogs") == {"a.jpg": "", "b.jpg": message, "c.jpg": message, "stray.jpg": message}


def test_an_empty_table_leaves_every_picture_out(tmp_path):
    write_table(tmp_path, [])
    draw_photograph(tmp_path / "dogs" / "images" / "a.jpg", 0)
    assert faults(tmp_path / "dogs") == {"a.jpg": "not in landmarks.csv"}


@pytest.mark.parametrize("value", ["", "nan", "inf", "-inf", "1e999", "left", "1,5", "0x10"])
def test_invalid_numbers_are_missing_landmarks(tmp_path, value):
    write_table(tmp_path, [("a.jpg", *EYES[:5], f'"{value}"')])
    assert faults(tmp_path / "dogs") == {"a.jpg": "eyes or nose not marked"}


def test_rows_come_in_the_order_of_their_names_whatever_the_tables(tmp_path):
    write_table(tmp_path, [("b.jpg", *EYES), ("a.jpg", *EYES)])
    assert [row["file"] for row in read_table(tmp_path / "dogs" / "landmarks.csv")] == ["a.jpg", "b.jpg"]


def test_a_folder_without_a_table_is_of_another_kind(tmp_path):
    assert read(tmp_path) is None


@pytest.mark.parametrize("missing", ["file", *COLUMNS])
def test_a_missing_column_is_named(tmp_path, missing):
    write_table(tmp_path, [("a.jpg", *EYES)], HEADER.replace(missing, "other"))
    with pytest.raises(UserError, match=rf"landmarks\.csv: has no column {missing}; needs file, left_eye_x"):
        read(tmp_path / "dogs")


POINTS = [[10, 20], [30, 21.5], [20, 40]]
ROW = "10,20,30,21.5,20,40"


def write(path, *rows, header=HEADER):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("row", ["a.jpg,10,20,30,21.5", "a.jpg,10,20,30,21.5,,", "a.jpg,10,20,30,21.5,no,40"])
def test_a_face_of_which_not_all_is_marked_is_not_found(tmp_path, row):
    write(tmp_path / "landmarks.csv", row)
    assert points_beside(tmp_path / "a.jpg") is None


def test_columns_may_stand_in_any_order_and_others_are_left_alone(tmp_path):
    header = "class," + ",".join(reversed(COLUMNS)) + ",file"
    write(tmp_path / "landmarks.csv", "dogs,40,20,21.5,30,20,10,a.jpg", header=header)
    np.testing.assert_array_equal(points_beside(tmp_path / "a.jpg"), POINTS)


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path / "landmarks.csv", "a,1,2,3,4,5", header=HEADER.removesuffix(",nose_y"))
    with pytest.raises(UserError, match=r"landmarks.csv: has no column nose_y; needs file, left_eye_x"):
        points_beside(tmp_path / "a.jpg")


@pytest.mark.parametrize("row", [f"a.jpg,{ROW}", f"./a.jpg,{ROW}", f"../images/a.jpg,{ROW}"])
def test_a_picture_is_looked_up_in_its_folder(tmp_path, monkeypatch, row):
    write(tmp_path / "images" / "landmarks.csv", row)
    np.testing.assert_array_equal(points_beside(tmp_path / "images" / "a.jpg"), POINTS)
    monkeypatch.chdir(tmp_path / "images")
    np.testing.assert_array_equal(points_beside(tmp_path.joinpath("a.jpg").relative_to(tmp_path)), POINTS)


def test_a_picture_is_looked_up_in_the_parent_folder_but_not_above(tmp_path):
    write(tmp_path / "landmarks.csv", f"images/a.jpg,{ROW}", f"images/more/b.jpg,{ROW}")
    write(tmp_path / "images" / "landmarks.csv", f"other.jpg,{ROW}")
    np.testing.assert_array_equal(points_beside(tmp_path / "images" / "a.jpg"), POINTS)
    assert points_beside(tmp_path / "images" / "more" / "b.jpg") is None
    assert points_beside(tmp_path / "images" / "c.jpg") is None


def spelled(tmp_path, name, *files):
    """The photographs of a table with one row, beside such files."""
    write_table(tmp_path, [(name, *EYES)])
    for file in files:
        draw_photograph(tmp_path / "dogs" / file, 0, EYES)
    return {
        photo.path.relative_to(tmp_path / "dogs").as_posix(): photo.fault for photo in read(tmp_path / "dogs").photos
    }


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("images\\a.jpg", "images/a.jpg"),
        (".\\images\\a.jpg", "images/a.jpg"),
        ("images/a.png", "images/a.PNG"),
        ("IMAGES\\A.JPG", "images/a.jpg"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("back\\slash.jpg", "back\\slash.jpg"),
    ],
    ids=["back slash", "dot and back slashes", "suffix", "letter case", "composed", "apart", "back slash in a name"],
)
def test_a_file_may_be_spelled_differently_than_on_the_disk(tmp_path, name, file):
    assert spelled(tmp_path, name, file) == {file: ""}
    np.testing.assert_array_equal(points_beside(tmp_path / "dogs" / file), np.reshape(EYES, (3, 2)))


def test_the_exact_name_is_preferred_to_other_spellings(tmp_path):
    assert spelled(tmp_path, "a.jpg", "a.jpg", "a.JPG") == {"a.jpg": "", "a.JPG": "not in landmarks.csv"}
    assert points_beside(tmp_path / "dogs" / "a.JPG") is None


def test_of_several_files_spelled_like_a_row_none_is_chosen(tmp_path):
    assert spelled(tmp_path, "A.jpg", "a.jpg", "a.JPG")["A.jpg"] == "spelled like 2 files"


def test_back_slashes_do_not_lead_out_of_the_folder(tmp_path):
    draw_photograph(tmp_path / "secret.jpg", 0, EYES)
    write_table(tmp_path, [("..\\secret.jpg", *EYES)])
    assert [photo.fault for photo in read(tmp_path / "dogs").photos] == ["outside the folder of its table"]


def test_a_class_may_be_spelled_in_several_ways(tmp_path):
    names = [" DOGS ", "People", "Big  Cats", "big cats", ""]
    write_table(tmp_path, [(f"{k}.jpg", *EYES, name) for k, name in enumerate(names)], f"{HEADER},Class ")
    classes = [photo.class_name for photo in read(tmp_path / "dogs").photos]
    assert classes == ["dogs", "people", "Big Cats", "Big Cats", "dogs"]
