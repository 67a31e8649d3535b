"""A folder with a landmarks.csv: anyone's pet."""

import pytest
from drawn_photographs import EYES, HEADER, draw_photograph, write_table

from vae_jax.data.photographs.landmark_table import COLUMNS, read, read_table
from vae_jax.data.photographs.photo import Marked
from vae_jax.data.photographs.recipe import Recipe, make_face
from vae_jax.data.picture_files import UnusablePictureError
from vae_jax.errors import UserError


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


def test_a_picture_that_the_table_does_not_name_is_said(tmp_path):
    write_table(tmp_path, [("images/a.jpg", *EYES)])
    for name in ("stray.jpg", "images/a.jpg", "images/b.jpg", "images/deep/c.jpg"):
        draw_photograph(tmp_path / "dogs" / name, 0)
    said = "not in landmarks.csv"
    assert faults(tmp_path / "dogs") == {"a.jpg": "", "b.jpg": said, "c.jpg": said, "stray.jpg": said}


def test_an_empty_table_leaves_every_picture_out(tmp_path):
    write_table(tmp_path, [])
    draw_photograph(tmp_path / "dogs" / "images" / "a.jpg", 0)
    assert faults(tmp_path / "dogs") == {"a.jpg": "not in landmarks.csv"}


@pytest.mark.parametrize("value", ["", "nan", "inf", "-inf", "1e999", "left", "1,5", "0x10"])
def test_what_is_no_number_is_not_marked(tmp_path, value):
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
