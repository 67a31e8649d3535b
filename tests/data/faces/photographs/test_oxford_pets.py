"""Oxford-IIIT Pet: dogs with a box around the head, cats recognised by their names."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.faces.photographs.layouts import find_faces
from vae_jax.data.faces.photographs.oxford_pets import IN_HEAD, LARGEST, head_box, read
from vae_jax.data.faces.photographs.photo import InFrame

BOX = "<xmin>10</xmin><ymin>20</ymin><xmax>60</xmax><ymax>80.5</ymax>"
WHOLE = f"<annotation><object><name>dog</name><bndbox>{BOX}</bndbox></object></annotation>"
NAME = "american_bulldog_10"


def place(folder, name, annotation=WHOLE):
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "annotations" / "xmls").mkdir(parents=True, exist_ok=True)
    (folder / "images" / f"{name}.jpg").touch()
    if annotation is not None:
        (folder / "annotations" / "xmls" / f"{name}.xml").write_text(annotation)
    return folder


def test_eyes_and_nose_lie_at_one_place_of_the_box_around_the_head(tmp_path):
    place(tmp_path / "oxford", NAME)
    (photo,) = find_faces(tmp_path)
    assert (photo.class_name, photo.layout, photo.breed) == ("dogs", "Oxford-IIIT Pet", "american bulldog")
    assert photo.marks == InFrame(IN_HEAD, (10, 20, 60, 80.5))
    assert not photo.fault


def test_cats_and_dogs_without_a_box_are_skipped_with_the_reason(tmp_path):
    place(tmp_path, "Abyssinian_100", WHOLE.replace("dog", "cat"))
    place(tmp_path, NAME, None)
    assert [photo.fault for photo in read(tmp_path).photos] == ["a cat", "no box around the head"]


def test_masks_beside_the_boxes_are_no_pictures(tmp_path):
    place(tmp_path, NAME)
    (tmp_path / "annotations" / "trimaps").mkdir()
    (tmp_path / "annotations" / "trimaps" / f"{NAME}.png").touch()
    assert [photo.path.parent.name for photo in find_faces(tmp_path)] == ["images"]


LAUGHS = "".join(f"<!ENTITY l{k + 1} '{f'&l{k};' * 10}'>" for k in range(12))
HOSTILE = {
    "empty": ("", "no XML"),
    "no XML": ("Not Found", "no XML"),
    "half": (WHOLE[:70], "no XML"),
    "no object": ("<annotation/>", "no object"),
    "a cat": (WHOLE.replace("dog", "cat"), "found 'cat'; needs a dog"),
    "long name": (WHOLE.replace("dog", "d\n" * 9000), "needs a dog"),
    "words": (WHOLE.replace("10", "left"), "no box of numbers"),
    "no box": ("<a><object><name>dog</name></object></a>", "no box of numbers"),
    "turned": (WHOLE.replace("10", "70"), "no box: 70, 20 to 60, 80.5"),
    "nan": (WHOLE.replace("10", "nan"), "no box: nan"),
    "infinite": (WHOLE.replace("60", "1e999"), "no box: 10, 20 to inf"),
    "negative": (WHOLE.replace("10", "-10"), "no box: -10"),
    "huge": (WHOLE + " " * LARGEST, "more than 100,000 bytes"),
    "deep": ("<a>" * 30_000, "no XML"),
    "billion laughs": (f"<!DOCTYPE a [<!ENTITY l0 'ha'>{LAUGHS}]>{WHOLE.replace('dog', '&l12;')}", ""),
    "an entity elsewhere": (
        f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>{WHOLE.replace('dog', '&x;')}",
        "no XML (undefined entity",
    ),
    "unknown encoding": (f"<?xml version='1.0' encoding='none'?>{WHOLE}", "no XML"),
}


@pytest.mark.parametrize(
    ("name", "annotation"),
    [(NAME, WHOLE.replace("dog", "car")), ("2007 000027", WHOLE), ("a1", WHOLE)],
    ids=["boxes of cars", "other names", "names without a number of their own"],
)
def test_other_sets_with_folders_of_these_names_are_of_another_kind(tmp_path, name, annotation):
    place(tmp_path, name, annotation)
    assert read(tmp_path) is None
    assert len(read(tmp_path, chosen=True).photos) == 1


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_annotation_that_can_not_be_used_gives_one_line(tmp_path, kind):
    annotation, message = HOSTILE[kind]
    place(tmp_path, NAME, annotation)
    (photo,) = read(tmp_path, chosen=True).photos
    assert photo.fault.startswith(f"{NAME}.xml: ")
    assert message in photo.fault
    assert len(photo.fault.splitlines()) == 1


def test_a_folder_or_a_pipe_in_place_of_an_annotation_is_not_read(tmp_path):
    place(tmp_path, NAME, None)
    place(tmp_path, "pug_1", None)
    (tmp_path / "annotations" / "xmls" / f"{NAME}.xml").mkdir()
    os.mkfifo(tmp_path / "annotations" / "xmls" / "pug_1.xml")
    assert {photo.fault for photo in read(tmp_path).photos} == {"no box around the head"}


@given(
    st.binary(max_size=60)
    | st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=4)).map(
        lambda damage: WHOLE.encode()[: damage[0]] + damage[1] + WHOLE.encode()[damage[0] + len(damage[1]) :]
    )
)
def test_any_annotation_is_a_box_or_one_line(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "fuzzed.xml"
    file.write_bytes(content)
    try:
        left, top, right, bottom = head_box(file)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert 0 <= left < right < float("inf")
        assert 0 <= top < bottom < float("inf")


def test_real_bulldogs_are_read(real_folder):
    photos = read(real_folder("oxford_pets")).photos
    assert len(photos) == 99
    usable = [photo for photo in photos if not photo.fault]
    assert len(usable) > 90
    assert {photo.breed for photo in photos} == {"american bulldog"}
