"""cat2dog: the dogs' half of it."""

import numpy as np

from vae_jax.data.photographs.cat2dog import read
from vae_jax.data.photographs.layouts import find_faces
from vae_jax.data.photographs.recipe import Recipe, make_face
from vae_jax.data.picture_files import read_picture


def test_the_dogs_are_read_and_the_cats_are_left(tmp_path):
    for name in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / "set" / name).mkdir(parents=True)
        (tmp_path / "set" / name / f"{name}.jpg").touch()
    photos = find_faces(tmp_path)
    assert [photo.path.name for photo in photos] == ["trainB.jpg", "testB.jpg"]
    assert {(photo.class_name, photo.layout) for photo in photos} == {("dogs", "cat2dog")}


def test_a_folder_without_dogs_is_of_another_kind(tmp_path):
    (tmp_path / "trainA").mkdir()
    assert read(tmp_path) is None


def test_eyes_and_noses_of_real_dogs_lie_over_each_other(real_folder):
    """In the mean of faces from which the light is taken, they are darker than what is between and around them."""
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
