"""Photographs: their landmarks, their text, and which files of a folder are listed."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.faces.photographs.photo import InFrame, Marked, Photo, files_below, files_in, folders_in, plain

PICTURE = np.zeros((100, 200, 1), np.uint8)
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))


def test_marked_landmarks_are_returned():
    np.testing.assert_array_equal(Marked((1.0, 2, 3, 4, 5, 6)).points(PICTURE), [[1, 2], [3, 4], [5, 6]])


def test_places_in_a_frame_are_scaled_to_the_picture_or_to_the_box():
    np.testing.assert_array_equal(InFrame(CORNERS).points(PICTURE), [[0, 0], [200, 0], [100, 100]])
    np.testing.assert_array_equal(InFrame(CORNERS, (10, 20, 50, 100)).points(PICTURE), [[10, 20], [50, 20], [30, 100]])


def test_places_in_pixels_are_divided_as_the_picture_is():
    np.testing.assert_array_equal(Marked((1.0, 2, 3, 4, 5, 6)).points(PICTURE, 2), [[0.5, 1], [1.5, 2], [2.5, 3]])
    boxed = InFrame(CORNERS, (20, 40, 100, 200)).points(PICTURE, 2)
    np.testing.assert_array_equal(boxed, InFrame(CORNERS, (10, 20, 50, 100)).points(PICTURE))
    np.testing.assert_array_equal(InFrame(CORNERS).points(PICTURE, 2), InFrame(CORNERS).points(PICTURE))


@given(st.text())
def test_text_becomes_one_line_of_utf8(text):
    assert len(plain(text).splitlines()) <= 1
    plain(text).encode("utf-8")


def test_names_with_odd_bytes_stay_apart(tmp_path):
    kinds = [Photo(tmp_path, os.fsdecode(name), "", None).class_name for name in (b"a\xff", b"a\xfe", b"a\nb\t ")]
    assert kinds[:2] == ["a\\udcff", "a\\udcfe"]
    assert kinds[2] == "a b"


def test_all_but_hidden_and_system_files_are_listed(tmp_path):
    for name in ("b.JPG", "c.txt", ".d.jpg", "._b.JPG", "jpg", ".DS_Store", "Thumbs.db", os.fsdecode(b"\xff.gif")):
        (tmp_path / name).touch()
    for name in ("a.jpg", "__MACOSX", "@eaDir"):
        (tmp_path / name).mkdir()
    assert [os.fsencode(path.name) for path in files_in(tmp_path)] == [b"b.JPG", b"c.txt", b"jpg", b"\xff.gif"]
    assert [path.name for path in folders_in(tmp_path)] == ["a.jpg"]


@pytest.mark.parametrize("back", ["..", "../..", "."])
def test_links_that_lead_back_end(tmp_path, back):
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "two" / "a.jpg").touch()
    (tmp_path / "one" / "two" / "again").symlink_to(back)
    assert [path.name for path in files_below(tmp_path)] == ["a.jpg"]


def test_folders_that_all_link_to_each_other_are_read_once_each(tmp_path):
    """Following every path would visit them about 10! times."""
    for k in range(10):
        (tmp_path / str(k)).mkdir()
        (tmp_path / str(k) / f"{k}.jpg").touch()
    for k in range(10):
        for other in range(10):
            (tmp_path / str(k) / f"to {other}").symlink_to(f"../{other}")
    assert sorted(path.name for path in files_below(tmp_path)) == [f"{k}.jpg" for k in range(10)]


def test_broken_links_are_listed(tmp_path):
    for name in ("round", "gone"):
        (tmp_path / name).symlink_to("round" if name == "round" else "nowhere")
    assert [path.name for path in files_below(tmp_path)] == ["gone", "round"]
