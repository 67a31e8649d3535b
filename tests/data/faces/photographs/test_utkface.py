"""UTKFace: aligned people, whose names say age, gender and race."""

import pytest
from drawn_photographs import blank
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.faces.photographs.photo import InFrame, Sought
from vae_jax.data.faces.photographs.utkface import facts_of, read


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("25_1_3_20170104.jpg.chip.jpg", (25, 1, 3)),
        ("116_0_4_20170104.jpg", (116, 0, 4)),
        ("39_1_20170116174525125.jpg.chip.jpg", (39, 1, -1)),
        ("61_3_20170109150557335.jpg.chip.jpg", (61, -1, -1)),
        ("24_0_1_20170116220224657 .jpg.chip.jpg", (24, 0, 1)),
        ("old_0_1_2.jpg", (-1, 0, 1)),
        ("cat.jpg", (-1, -1, -1)),
        ("", (-1, -1, -1)),
    ],
)
def test_names_give_age_gender_and_race_where_they_have_them(name, facts):
    assert facts_of(name) == facts


@given(st.text() | st.lists(st.integers().map(str) | st.text(max_size=3)).map("_".join))
def test_any_name_gives_facts_within_their_ranges_or_minus_one(name):
    age, gender, race = facts_of(name)
    assert -1 <= age <= 999
    assert gender in (-1, 0, 1)
    assert race in (-1, 0, 1, 2, 3, 4)


def fill(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


def test_a_folder_with_such_names_is_read_whole_malformed_names_too(tmp_path):
    fill(tmp_path, "1_0_0_20170109.jpg.chip.jpg", "61_1_20170109.jpg.chip.jpg", "stray.jpg", "notes.txt")
    photos = read(tmp_path).photos
    assert [(photo.path.name, photo.age, photo.gender, photo.race) for photo in photos] == [
        ("1_0_0_20170109.jpg.chip.jpg", 1, 0, 0),
        ("61_1_20170109.jpg.chip.jpg", 61, 1, -1),
        ("notes.txt", -1, -1, -1),
        ("stray.jpg", -1, -1, -1),
    ]
    assert {(photo.class_name, photo.layout, photo.fault) for photo in photos} == {("people", "UTKFace", "")}


def test_aligned_faces_have_fixed_landmarks_and_others_detected_ones(tmp_path):
    (tmp_path / "cut").mkdir()
    (tmp_path / "uncut").mkdir()
    (cut,) = read(fill(tmp_path / "cut", "1_0_0_2017.jpg.chip.jpg")).photos
    (uncut,) = read(fill(tmp_path / "uncut", "1_0_0_2017.jpg")).photos
    assert (cut.marks, uncut.marks) == (InFrame(TEMPLATE), Sought())


def test_a_folder_without_such_names_is_of_another_kind(tmp_path):
    assert read(fill(tmp_path, "1_2_3.jpg", "1_0_9_2017.jpg", "12_1_2019.jpg")) is None


def test_such_a_name_among_many_others_does_not_make_the_set(tmp_path):
    fill(tmp_path, "1_0_0_20170109.jpg.chip.jpg", "a.jpg", "b.jpg")
    assert read(tmp_path) is None
    assert len(read(tmp_path, chosen=True).photos) == 3


@pytest.mark.parametrize("name", ["25_1_3_20170104.png", "25_1_3_20170104.JPG", "25_1_3_20170104.jpg.chip.jpg.png"])
def test_names_without_chip_and_of_other_kinds_of_files_are_the_sets_too(tmp_path, name):
    (photo,) = read(fill(tmp_path, name)).photos
    assert (photo.layout, photo.age, photo.gender, photo.race) == ("UTKFace", 25, 1, 3)


@pytest.mark.parametrize(
    ("sizes", "marks"),
    [([(200, 200), (200, 200)], InFrame(TEMPLATE)), ([(200, 200), (48, 48)], Sought()), ([(200, 150)] * 2, Sought())],
    ids=["of one square size", "of several sizes", "not square"],
)
def test_without_chip_faces_of_one_square_size_are_aligned(tmp_path, sizes, marks):
    for k, size in enumerate(sizes):
        blank(tmp_path / f"{k}_0_0_20170109.png", size, "PNG")
    assert {photo.marks for photo in read(tmp_path).photos} == {marks}


def test_the_real_set_is_read_with_its_malformed_names(real_folder):
    photos = read(real_folder("utkface") / "UTKFace").photos
    assert len(photos) == 6005
    assert all(photo.marks == InFrame(TEMPLATE) and photo.age >= 0 for photo in photos)
    message = sum(photo.gender >= 0 and photo.race >= 0 for photo in photos)
    assert 6005 - 8 <= message < 6005
