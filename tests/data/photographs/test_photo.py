"""A photograph: where its eyes and nose lie, words fit for any file, and which files of a folder are pictures."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.photographs.photo import InFrame, Marked, Photo, pictures_below, pictures_in, plain

PICTURE = np.zeros((100, 200, 1), np.uint8)
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))


def test_marked_places_are_what_was_marked():
    np.testing.assert_array_equal(Marked((1.0, 2, 3, 4, 5, 6)).points(PICTURE), [[1, 2], [3, 4], [5, 6]])


def test_places_in_a_frame_are_scaled_to_the_picture_or_to_the_box():
    np.testing.assert_array_equal(InFrame(CORNERS).points(PICTURE), [[0, 0], [200, 0], [100, 100]])
    np.testing.assert_array_equal(InFrame(CORNERS, (10, 20, 50, 100)).points(PICTURE), [[10, 20], [50, 20], [30, 100]])


@given(st.text())
def test_words_become_one_line_that_any_file_can_hold(text):
    assert len(plain(text).splitlines()) <= 1
    plain(text).encode("utf-8")


def test_names_with_odd_bytes_stay_apart(tmp_path):
    kinds = [Photo(tmp_path, os.fsdecode(name), "", None).class_name for name in (b"a\xff", b"a\xfe", b"a\nb\t ")]
    assert kinds[:2] == ["a\\udcff", "a\\udcfe"]
    assert kinds[2] == "a b"


def test_pictures_are_known_by_their_names_and_hidden_files_are_none(tmp_path):
    for name in ("b.JPG", "a.png", "c.txt", ".d.jpg", "jpg", "e.jpeg.part", os.fsdecode(b"\xff.gif")):
        (tmp_path / name).touch()
    assert [os.fsencode(path.name) for path in pictures_in(tmp_path)] == [b"a.png", b"b.JPG", b"\xff.gif"]


@pytest.mark.parametrize("back", ["..", "../..", "."])
def test_links_that_lead_back_end(tmp_path, back):
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "two" / "a.jpg").touch()
    (tmp_path / "one" / "two" / "again").symlink_to(back)
    assert [path.name for path in pictures_below(tmp_path)] == ["a.jpg"]


def test_folders_that_all_link_to_each_other_are_read_once_each(tmp_path):
    """Followed along every way, they would be met some 10! times."""
    for k in range(10):
        (tmp_path / str(k)).mkdir()
        (tmp_path / str(k) / f"{k}.jpg").touch()
    for k in range(10):
        for other in range(10):
            (tmp_path / str(k) / f"to {other}").symlink_to(f"../{other}")
    assert sorted(path.name for path in pictures_below(tmp_path)) == [f"{k}.jpg" for k in range(10)]


def test_a_link_to_itself_is_no_folder(tmp_path):
    (tmp_path / "round").symlink_to("round")
    assert pictures_below(tmp_path) == []
