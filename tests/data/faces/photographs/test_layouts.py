"""Any mix of folders: each is recognised by its layout, and odd ones do not stop the others."""

import os
from collections import Counter
from pathlib import Path

import pytest
from drawn_photographs import EYES, blank, draw_dogs, draw_people

from vae_jax.data.faces.photographs.folders import find_pictures
from vae_jax.data.faces.photographs.layouts import describe_layouts, find_faces
from vae_jax.data.faces.photographs.photo import Sought


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def mixed(folder, utkface="", columbia="", oxford="", lfw="lfw", cat2dog="cat2dog"):
    """One or two pictures of every kind, each kind in the folder of that name ('' is the top)."""
    touch(folder / utkface, "1_0_0_2017.jpg.chip.jpg")
    touch(folder / columbia, "dogImages/1.pug/a.jpg", "dogParts/1.pug/b.txt")
    touch(folder / oxford, "images/pug_1.jpg", "annotations/xmls/x.xml", "annotations/trimaps/pug_1.png")
    for name in ("Ann/Ann_0001.jpg", "Bo/Bo_0001.jpg"):
        blank(folder / lfw / name, (250, 250))
    blank(folder / cat2dog / "trainB/1.jpg", (178, 218))
    touch(folder, "holidays/us.jpg")


KINDS = {"UTKFace": 1, "Columbia Dogs": 1, "Oxford-IIIT Pet": 1, "LFW": 2, "cat2dog": 1, "pictures": 1}


@pytest.mark.parametrize(
    "places",
    [
        {"utkface": "u", "columbia": "CU_Dogs", "oxford": "o"},
        {"columbia": "CU_Dogs", "oxford": "o"},
        {"utkface": "u", "oxford": "o"},
        {"utkface": "u", "columbia": "CU_Dogs"},
        {"utkface": "a/b/u", "columbia": "a/c/d", "oxford": "a/o", "lfw": "a/b/l", "cat2dog": "a/e"},
    ],
    ids=["side by side", "utkface on top", "columbia on top", "oxford on top", "deep"],
)
def test_every_kind_is_found_in_any_mix(tmp_path, places):
    mixed(tmp_path, **places)
    assert Counter(found.layout for found in find_faces(tmp_path)) == KINDS


def test_people_and_dogs_with_a_table_are_found_beside_each_other(tmp_path):
    draw_people(tmp_path, 2)
    draw_dogs(tmp_path, 3)
    assert Counter(found.layout for found in find_faces(tmp_path)) == {"UTKFace": 2, "landmarks.csv": 3}


def test_a_table_does_not_hide_the_folders_that_it_does_not_name(tmp_path):
    draw_dogs(tmp_path, 2)
    draw_people(tmp_path / "dogs", 3)
    assert Counter(found.layout for found in find_faces(tmp_path)) == {"UTKFace": 3, "landmarks.csv": 2}


def test_faces_are_sought_in_pictures_of_no_known_kind(tmp_path):
    touch(tmp_path, "us.jpg", "more/them.png", "more/notes.txt")
    found = find_faces(tmp_path)
    assert [(each.path.name, each.class_name, each.layout, each.marks) for each in found] == [
        ("us.jpg", "people", "pictures", Sought()),
        ("notes.txt", "people", "pictures", Sought()),
        ("them.png", "people", "pictures", Sought()),
    ]


def test_the_order_does_not_depend_on_that_of_the_disk(tmp_path, monkeypatch):
    mixed(tmp_path, "u", "c", "o")
    one = find_faces(tmp_path)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: sorted(listed(folder), reverse=True))
    assert find_faces(tmp_path) == one


def test_links_to_folders_elsewhere_are_read_and_those_that_lead_back_end(tmp_path):
    draw_people(tmp_path / "elsewhere", 2)
    raw = tmp_path / "raw"
    touch(raw, "inner/us.jpg")
    (raw / "people").symlink_to(tmp_path / "elsewhere")
    (raw / "people again").symlink_to(tmp_path / "elsewhere")
    (raw / "inner" / "up").symlink_to(raw)
    (raw / "inner" / "round").symlink_to("round")
    (raw / "gone").symlink_to("nowhere")
    (raw / "gone").unlink()
    (raw / "inner" / "round").unlink()
    assert Counter(found.layout for found in find_faces(raw)) == {"UTKFace": 2, "pictures": 1}
    assert Counter(found.class_name for found in find_pictures(raw)) == {"people": 2, "people again": 2, "inner": 1}


def test_the_folder_of_what_is_prepared_is_left_out(tmp_path):
    touch(tmp_path, "inner/us.jpg", "prepared/x/contact_sheet.png")
    for find in (find_faces, find_pictures):
        assert [found.path.name for found in find(tmp_path, tmp_path / "prepared")] == ["us.jpg"]
        assert len(find(tmp_path, tmp_path)) == 2


def test_a_run_folder_is_left_out_and_named(tmp_path, caplog):
    caplog.set_level("INFO")
    touch(tmp_path, "inner/us.jpg", "runs/one/figures/pca.png", "runs/one/config.json", "runs/one/checkpoints/0/x.png")
    touch(tmp_path, "runs/config.json", "runs/dog.png")  # no run: it has no checkpoints
    for find in (find_faces, find_pictures):
        caplog.clear()
        found = {photo.path.name for photo in find(tmp_path)}
        assert found == {"us.jpg", "config.json", "dog.png"}
        assert f"{tmp_path}/runs/one: a run folder; its figures are not read as photographs" in caplog.messages


@pytest.fixture
def locked(monkeypatch):
    """Make a folder that no user can list."""
    listed = Path.iterdir

    def iterdir(folder):
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("find", [find_faces, find_pictures])
def test_a_folder_that_can_not_be_listed_is_named_and_the_others_are_read(tmp_path, find):
    touch(tmp_path, "locked/a.jpg", "open/b.jpg")
    first, second = find(tmp_path)
    assert (first.path, first.fault) == (
        tmp_path / "locked",
        "can't be listed (Permission denied), so nothing in locked is read",
    )
    assert (second.path.name, second.fault) == ("b.jpg", "")
    (top,) = find(tmp_path / "locked")
    assert "can't be listed" in top.fault


@pytest.mark.usefixtures("locked")
def test_a_set_with_a_folder_that_can_not_be_listed_says_that_it_is_left_out(tmp_path):
    touch(tmp_path, "CU_Dogs/dogImages/locked/a.jpg", "CU_Dogs/dogParts/b.txt", "open/b.jpg")
    first, second = find_faces(tmp_path)
    assert first.path.name == "locked"
    assert first.fault == "can't be listed (Permission denied), so nothing in CU_Dogs is read"
    assert second.path.name == "b.jpg"


def test_pictures_of_a_class_lie_in_a_folder_of_its_name_at_any_depth(tmp_path):
    raw = tmp_path / "own"
    touch(raw, "top.jpg", "cats/a.jpg", "cats/deep/down/b.png", "dogs/c.gif", os.fsdecode(b"\xff/d.jpg"))
    assert [(found.path.name, found.class_name, found.marks) for found in find_pictures(raw)] == [
        ("top.jpg", "own", None),
        ("a.jpg", "cats", None),
        ("b.png", "cats", None),
        ("c.gif", "dogs", None),
        ("d.jpg", "\\udcff", None),
    ]


def test_of_real_odd_files_every_picture_is_found(real_folder):
    names = {found.path.name for found in find_faces(real_folder("odd_files"))}
    assert names == {path.name for path in real_folder("odd_files").iterdir()}


def test_files_beside_a_set_that_are_no_part_of_it_are_listed(tmp_path):
    mixed(tmp_path, "u", "c", "o")
    for folder in ("u", "c", "c/dogImages", "o", "lfw", "lfw/Ann", "cat2dog", "cat2dog/trainB"):
        touch(tmp_path, f"{folder}/README")
    touch(tmp_path, "c/training.txt")
    listed = [str(found.path.relative_to(tmp_path)) for found in find_faces(tmp_path) if found.path.suffix != ".jpg"]
    named = sorted(path for path in listed if not path.startswith("c/dogParts"))
    folders = ("c", "c/dogImages", "cat2dog", "cat2dog/trainB", "lfw", "lfw/Ann", "o", "u")
    assert named == sorted(f"{folder}/README" for folder in folders)


def test_the_user_overrules_what_is_guessed_for_one_folder(tmp_path):
    mixed(tmp_path, "u", "c", "o")
    found = find_faces(tmp_path, layout="lfw=pictures,c=skip")
    assert Counter(each.layout for each in found) == {
        "UTKFace": 1, "Oxford-IIIT Pet": 1, "cat2dog": 1, "pictures": 4
    }  # fmt: skip
    (skipped,) = [each for each in found if "left out" in each.fault]
    assert (skipped.path.name, skipped.fault) == ("c", "left out, as config.data.layout says")


def test_a_folder_in_one_that_is_left_out_may_be_read(tmp_path):
    touch(tmp_path, "a/us.jpg", "a/b/them.jpg")
    found = find_faces(tmp_path, layout="a=skip,a/b=lfw")
    assert [(each.path.name, each.layout) for each in found] == [("a", "pictures"), ("them.jpg", "LFW")]


def test_the_guesses_are_described_in_one_line_with_the_flag_that_overrules_them(tmp_path):
    mixed(tmp_path, "u", "c", "o")
    message = describe_layouts(find_faces(tmp_path), tmp_path)
    assert len(message.splitlines()) == 1
    for part in (
        "LFW: lfw/Ann, lfw/Bo;",
        "cat2dog: cat2dog/trainB;",
        "pictures of people whose faces are sought: holidays;",
    ):
        assert part in message
    assert "--config.data.layout=FOLDER=KIND overrules" in message
    assert describe_layouts([], tmp_path) == ""
    assert "lfw" not in describe_layouts(find_faces(tmp_path, layout="lfw=skip"), tmp_path).partition("--config")[0]


def test_a_row_outside_the_folder_is_not_described(tmp_path):
    draw_dogs(tmp_path, 1, [("/etc/passwd", *EYES)])
    assert describe_layouts(find_faces(tmp_path), tmp_path).startswith("layouts: landmarks.csv: dogs/images; --config")


def test_many_folders_of_one_kind_are_described_by_their_parents(tmp_path):
    for k in range(9):
        blank(tmp_path / "lfw" / f"A{k}" / f"A{k}_0001.jpg", (250, 250))
        touch(tmp_path, f"holidays/{k}/us.jpg", f"{k % 2}/deep/{k}/us.jpg")
    message = describe_layouts(find_faces(tmp_path), tmp_path)
    assert "LFW: lfw;" in message
    assert "are sought: 0, 1, holidays;" in message
    for k in range(9):
        touch(tmp_path, f"top {k}/us.jpg")
    assert " and 24 more;" in describe_layouts(find_faces(tmp_path), tmp_path)
