"""cat2dog: its dogs."""

import numpy as np
from drawn_photographs import blank

from vae_jax.data.faces.photographs.cat2dog import SIZE, read
from vae_jax.data.faces.photographs.layouts import find_faces
from vae_jax.data.faces.photographs.recipe import Recipe, make_face
from vae_jax.data.formats.picture_files import read_picture

FOLDERS = ("trainA", "trainB", "testA", "testB")


def test_the_dogs_are_read_and_the_cats_are_named(tmp_path):
    for name in FOLDERS:
        blank(tmp_path / "set" / name / f"{name}.jpg", SIZE)
    (tmp_path / "set" / "trainB" / "empty.jpg").touch()  # as in the published set
    photos = find_faces(tmp_path)
    assert [(photo.path.name, photo.fault) for photo in photos] == [
        ("empty.jpg", ""),
        ("trainB.jpg", ""),
        ("testB.jpg", ""),
        ("trainA.jpg", "a cat"),
        ("testA.jpg", "a cat"),
    ]
    assert {(photo.class_name, photo.layout) for photo in photos} == {("dogs", "cat2dog")}


def test_horses_and_zebras_in_folders_of_these_names_are_no_dogs(tmp_path):
    for name in FOLDERS:
        blank(tmp_path / "horse2zebra" / name / "n02381460_2.jpg", (256, 256))
    assert {(photo.class_name, photo.layout) for photo in find_faces(tmp_path)} == {("people", "pictures")}
    message = find_faces(tmp_path, layout="horse2zebra=cat2dog")
    assert [(photo.class_name, photo.fault) for photo in message] == [("dogs", "")] * 2 + [("dogs", "a cat")] * 2


def test_a_folder_without_dogs_is_of_another_kind(tmp_path):
    (tmp_path / "trainA").mkdir()
    assert read(tmp_path) is None


def test_eyes_and_noses_of_real_dogs_lie_over_each_other(real_folder):
    """In the mean of faces without differences of light, they are darker than their surroundings."""
    photos = [photo for photo in read(real_folder("cat2dog")).photos if photo.path.stat().st_size][::4]
    assert len(photos) > 60
    assert read_picture(photos[0].path).shape == (218, 178, 1)
    mean = np.mean([make_face(photo, Recipe(50, False, "none", 0.1)) for photo in photos], axis=0)[..., 0]

    def around(x, y):
        column, row = round(50 * x), round(50 * y)
        return mean[row - 2 : row + 2, column - 2 : column + 2].mean()

    for eye in (0.285, 0.715):
        assert around(eye, 0.29) < around(0.5, 0.29) - 15
    assert around(0.5, 0.54) < around(0.3, 0.54) - 15
