"""Tables of landmarks beside pictures."""

import numpy as np
import pytest

from vae_jax.data.photographs.landmark_table import COLUMNS, points_beside
from vae_jax.errors import UserError

HEADER = "file," + ",".join(COLUMNS)
EYES = [[10, 20], [30, 21.5], [20, 40]]
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
    np.testing.assert_array_equal(points_beside(tmp_path / "a.jpg"), EYES)


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path / "landmarks.csv", "a,1,2,3,4,5", header=HEADER.removesuffix(",nose_y"))
    with pytest.raises(UserError, match=r"landmarks.csv: has no column nose_y; needs file, left_eye_x"):
        points_beside(tmp_path / "a.jpg")


@pytest.mark.parametrize("row", [f"a.jpg,{ROW}", f"./a.jpg,{ROW}", f"../images/a.jpg,{ROW}"])
def test_a_picture_is_looked_up_in_its_folder(tmp_path, monkeypatch, row):
    write(tmp_path / "images" / "landmarks.csv", row)
    np.testing.assert_array_equal(points_beside(tmp_path / "images" / "a.jpg"), EYES)
    monkeypatch.chdir(tmp_path / "images")
    np.testing.assert_array_equal(points_beside(tmp_path.joinpath("a.jpg").relative_to(tmp_path)), EYES)


def test_and_then_in_the_folder_above_but_not_further(tmp_path):
    write(tmp_path / "landmarks.csv", f"images/a.jpg,{ROW}", f"images/more/b.jpg,{ROW}")
    write(tmp_path / "images" / "landmarks.csv", f"other.jpg,{ROW}")
    np.testing.assert_array_equal(points_beside(tmp_path / "images" / "a.jpg"), EYES)
    assert points_beside(tmp_path / "images" / "more" / "b.jpg") is None
    assert points_beside(tmp_path / "images" / "c.jpg") is None
