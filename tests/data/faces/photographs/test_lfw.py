"""Labeled Faces in the Wild: a folder for every person, pictures named after it, all of one size."""

import pytest
from drawn_photographs import blank

from vae_jax.data.faces.photographs.layouts import find_faces
from vae_jax.data.faces.photographs.lfw import IN_PICTURE, SIZE, read
from vae_jax.data.faces.photographs.photo import InFrame


def person(folder, name, *pictures, size=SIZE):
    for picture in pictures:
        blank(folder / name / picture, size)


def test_people_are_known_by_pictures_named_after_their_folder(tmp_path):
    person(tmp_path / "lfw", "Ann_O'Neill", "Ann_O'Neill_0001.jpg", "Ann_O'Neill_0002.jpg")
    person(tmp_path / "lfw", "Bo+", "Bo+_0001.jpg")
    photos = find_faces(tmp_path)
    assert [photo.path.name for photo in photos] == ["Ann_O'Neill_0001.jpg", "Ann_O'Neill_0002.jpg", "Bo+_0001.jpg"]
    assert {(photo.class_name, photo.layout, photo.fault) for photo in photos} == {("people", "LFW", "")}


@pytest.mark.parametrize("name", ["other_0001.jpg", "Ann_001.jpg", "Ann_0001.png", "Ann_0001.txt"])
def test_a_folder_of_other_names_is_of_another_kind(tmp_path, name):
    person(tmp_path, "Ann", name)
    assert read(tmp_path / "Ann") is None


@pytest.mark.parametrize(("name", "size"), [("Rex", (400, 300)), ("Rex", (250, 251)), ("rex", SIZE)])
def test_numbered_pictures_of_a_dog_are_of_another_kind_unless_the_user_says_so(tmp_path, name, size):
    person(tmp_path, name, *(f"{name}_{k:04}.jpg" for k in range(1, 13)), size=size)
    assert read(tmp_path / name) is None
    assert len(read(tmp_path / name, chosen=True).photos) == 12


def test_one_such_name_among_others_does_not_make_a_person(tmp_path):
    person(tmp_path, "Ann", "Ann_0001.jpg", "holiday.jpg")
    assert read(tmp_path / "Ann") is None


def test_eyes_and_nose_lie_at_one_place_of_every_picture(tmp_path):
    person(tmp_path, "Ann", "Ann_0001.jpg")
    (photo,) = read(tmp_path / "Ann").photos
    assert photo.marks == InFrame(IN_PICTURE)
    (left, _), (right, _), (nose, _) = IN_PICTURE
    assert left + right == pytest.approx(2 * nose)
