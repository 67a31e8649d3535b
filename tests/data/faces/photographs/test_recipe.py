"""Recipes: from a photograph to an image, and the key of the prepared folder."""

import os
import zlib
from dataclasses import replace

import numpy as np
import pytest
from drawn_photographs import EYES, draw_photograph
from PIL import Image

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.data.faces.photographs import recipe
from vae_jax.data.faces.photographs.photo import InFrame, Marked, Photo
from vae_jax.data.faces.photographs.recipe import Recipe, key_of, make_face, recipe_of

PLAIN = Recipe(24, False, "none", 0.1)


@pytest.fixture
def dog(tmp_path):
    draw_photograph(tmp_path / "dog.jpg", 0, EYES)
    return Photo(tmp_path / "dog.jpg", "dogs", "landmarks.csv", Marked(EYES))


def test_a_recipe_is_read_from_the_config():
    config = DataConfig(image_size=12, colour=True, contrast="equalise", test_fraction=0.3)
    assert recipe_of(config, ("a",)) == Recipe(12, True, "equalise", 0.3, ("a",))
    assert recipe_of(config).shape == (12, 12, 3)
    assert recipe_of(replace(config, colour=False)).shape == (12, 12, 1)


def test_an_unknown_contrast_is_named():
    with pytest.raises(UserError, match=r"config\.data\.contrast: .*'strech'.*did you mean 'stretch'"):
        recipe_of(DataConfig(contrast="strech"))


def test_the_same_files_and_recipe_have_the_same_key(dog):
    assert key_of([dog], PLAIN) == key_of([replace(dog)], replace(PLAIN))


def test_all_that_an_image_depends_on_changes_the_key(dog, monkeypatch):
    others = [
        key_of([], PLAIN),
        key_of([dog, dog], PLAIN),
        *(
            key_of([replace(dog, **{name: value})], PLAIN)
            for name, value in {
                "marks": Marked((*EYES[:5], EYES[5] + 1e-9)),
                "class_name": "people",
                "fault": "x",
                "breed": "pug",
                "age": 3,
            }.items()
        ),
        *(
            key_of([dog], replace(PLAIN, **{name: value}))
            for name, value in {
                "size": 25,
                "colour": True,
                "contrast": "stretch",
                "test_fraction": 0.2,
                "classes": ("dogs",),
            }.items()
        ),
    ]
    here = key_of([dog], PLAIN)
    os.utime(dog.path, (1, 1))
    others.append(key_of([dog], PLAIN))
    dog.path.unlink()
    others.append(key_of([dog], PLAIN))
    monkeypatch.setattr(recipe, "VERSION", "next")
    others.append(key_of([dog], PLAIN))
    assert len({here, *others}) == 1 + len(others)


@pytest.mark.parametrize("name", [b"\xff\n.jpg", b"a" * 400])
def test_a_file_of_any_name_has_a_key(tmp_path, name):
    photo = Photo(tmp_path / os.fsdecode(name), "people", "UTKFace", None)
    assert key_of([photo], PLAIN) != key_of([], PLAIN)
    assert key_of([replace(photo, path=tmp_path / "a\0b")], PLAIN)


def test_colours_are_kept_where_wanted_and_else_become_grey(tmp_path):
    Image.new("RGB", (40, 30), (250, 120, 10)).save(tmp_path / "a.png")
    photo = Photo(tmp_path / "a.png", "any", "pictures", None)
    colour = make_face(photo, replace(PLAIN, colour=True))
    assert colour.shape == (24, 24, 3)
    assert (colour == (250, 120, 10)).all()
    grey = make_face(photo, PLAIN)
    assert grey.shape == (24, 24, 1)
    assert (grey == round(0.299 * 250 + 0.587 * 120 + 0.114 * 10)).all()


def test_a_picture_without_marks_is_cut_from_its_middle(tmp_path):
    pixels = np.full((30, 90), 255, np.uint8)
    pixels[:, 30:60] = 9
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (make_face(Photo(tmp_path / "a.png", "any", "pictures", None), PLAIN) == 9).all()


def test_the_contrast_is_that_asked_for(dog):
    plain, stretched = (make_face(dog, replace(PLAIN, contrast=name)) for name in ("none", "stretch"))
    assert np.ptp(stretched) == 255 > np.ptp(plain)


def test_a_face_at_the_edge_of_a_light_picture_gets_no_black_corner(tmp_path):
    """Beyond the border the picture is mirrored."""
    marks = (4.0, 4.0, 44.0, 14.0, 20.0, 34.0)
    draw_photograph(tmp_path / "a.jpg", 3)
    for size in (24, 200):
        face = make_face(Photo(tmp_path / "a.jpg", "dogs", "", Marked(marks)), replace(PLAIN, size=size))
        assert face.min() > 140


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_marks_are_those_of_the_picture_as_its_exif_orientation_turns_it(dog, turn):
    upright = make_face(dog, PLAIN)
    how = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[turn]
    exif = Image.Exif()
    exif[0x112] = turn
    with Image.open(dog.path) as picture:
        lying = picture.transpose(how)
    lying.save(dog.path, "JPEG", quality=95, exif=exif)
    assert np.abs(make_face(dog, PLAIN).astype(int) - upright).mean() < 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fault": "a cat"}, "a cat"),
        ({"marks": Marked((float("nan"),) * 6)}, "landmarks missing"),
        ({"marks": Marked((*EYES[:4], 70.0, 120.5))}, "landmarks outside the picture"),
        ({"marks": Marked((50.0, 50.0) * 2 + (50.0, 80.0))}, "eyes less than 4 pixels apart"),
        ({"marks": InFrame(((0.3, 0.3), (0.6, 0.3), (0.5, 0.5)), (100, 0, 900, 9))}, "landmarks outside the picture"),
    ],
)
def test_an_unusable_photograph_has_a_reason(dog, change, reason):
    with pytest.raises(UnusablePictureError) as error:
        make_face(replace(dog, **change), PLAIN)
    assert str(error.value) == reason


def test_a_picture_of_twenty_thousand_by_twenty_thousand_pixels_is_refused_unread(tmp_path):
    """A PNG with such a header and no pixels."""
    header = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    chunks = [(13, header), (0, b"IDAT")]
    bomb = b"".join(n.to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") for n, chunk in chunks)
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bomb)
    with pytest.raises(UnusablePictureError) as error:
        make_face(Photo(tmp_path / "bomb.png", "any", "pictures", None), PLAIN)
    assert "more than 150,000,000 pixels" in str(error.value)


def test_the_landmarks_of_a_large_photograph_are_divided_as_it_is(tmp_path, monkeypatch):
    draw_photograph(tmp_path / "a.jpg", 0, EYES)
    photo = Photo(tmp_path / "a.jpg", "any", "landmarks.csv", Marked(EYES))
    whole = make_face(photo, PLAIN)
    monkeypatch.setattr("vae_jax.data.formats.picture_files.LARGE", 1000)
    assert np.abs(make_face(photo, PLAIN).astype(int) - whole).mean() < 5
