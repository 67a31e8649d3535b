"""Sample photographs: landmarks as in the table, and no file of the user overwritten."""

import csv

import numpy as np
import pytest
from PIL import Image

from vae_jax.data.draw_photographs import main
from vae_jax.data.faces.photographs.landmark_table import points_beside


def draw(folder, *more):
    return main([f"--out={folder}", "--count=7", "--size=64", *more])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "photographs"
    assert draw(folder) == 0
    return folder


@pytest.mark.slow
def test_there_are_as_many_pictures_as_asked_for_each_in_the_table_with_its_class(drawn):
    pictures = sorted((drawn / "images").iterdir())
    with (drawn / "landmarks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(drawn / row["file"] for row in rows) == pictures
    assert [row["class"] for row in rows] == ["people"] * 3 + ["dogs"] * 3 + ["between"]
    for picture in pictures:
        assert Image.open(picture).size == (64, 64)


def test_every_face_has_its_eyes_and_its_nose_in_the_picture_the_nose_below(drawn):
    for picture in (drawn / "images").iterdir():
        left, right, nose = points_beside(picture)
        assert 0 < left[0] < right[0] < 64
        assert max(left[1], right[1]) < nose[1] < 64


def test_the_same_seed_draws_the_same_faces_and_another_others(drawn, tmp_path):
    assert draw(tmp_path / "same") == draw(tmp_path / "other", "--seed=1") == 0
    for picture in (drawn / "images").iterdir():
        first = picture.read_bytes()
        assert (tmp_path / "same" / "images" / picture.name).read_bytes() == first
        assert (tmp_path / "other" / "images" / picture.name).read_bytes() != first


def test_a_folder_that_is_not_empty_is_left_alone(drawn, tmp_path, capsys):
    (tmp_path / "mine").touch()
    for folder in (tmp_path, tmp_path / "mine"):
        assert draw(folder) == 2
        assert "is not an empty folder; use another --out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--count=0", "--count: found 0; needs 1 to 100,000"),
        ("--size=4", "--size: found 4; needs 16 to 2,048"),
        ("--seed=-1", "--seed: found -1; needs 0 to"),
        ("--count=few", "--count: invalid int value: 'few'"),
        ("--colour", "unrecognized arguments: --colour"),
    ],
)
def test_wrong_flags_are_reported_in_one_line(tmp_path, capsys, flag, message):
    assert draw(tmp_path / "new", flag) == 2
    error = capsys.readouterr().err
    assert error.startswith("vae_jax: error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_single_picture_can_be_drawn(tmp_path):
    assert draw(tmp_path / "one", "--count=1") == 0
    (picture,) = (tmp_path / "one" / "images").iterdir()
    assert np.ptp(np.asarray(Image.open(picture))) > 20
