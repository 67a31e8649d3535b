"""Folders of any pictures: classes, or splits with classes in them."""

import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.folders import describe_splits, find_pictures


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def listed(folder, **given):
    return [(each.path.name, each.class_name, each.split) for each in find_pictures(folder, **given)]


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("Training", "testing"), ("train", "val"), ("TRAIN", "validation")]
)
def test_train_and_test_folders_are_splits_with_classes_in_them(tmp_path, train, test):
    touch(
        tmp_path / "own",
        f"{train}/cats/a.jpg",
        f"{train}/dogs/deep/b.jpg",
        f"{test}/cats/c.jpg",
        f"{test}/d.jpg",
        "README",
    )
    assert sorted(listed(tmp_path / "own")) == [
        ("README", "own", "train"),
        ("a.jpg", "cats", "train"),
        ("b.jpg", "dogs", "train"),
        ("c.jpg", "cats", "test"),
        ("d.jpg", "own", "test"),
    ]


def test_beside_a_test_folder_the_validation_folder_is_for_training(tmp_path):
    touch(tmp_path, "train/x/a.jpg", "valid/x/b.jpg", "test/x/c.jpg")
    assert sorted(listed(tmp_path)) == [("a.jpg", "x", "train"), ("b.jpg", "x", "train"), ("c.jpg", "x", "test")]


@pytest.mark.parametrize("folders", [("train", "car", "bus"), ("train", "test", "car"), ("test", "val"), ("train",)])
def test_folders_of_other_names_too_or_of_one_side_alone_are_classes(tmp_path, folders):
    touch(tmp_path, *(f"{name}/a.jpg" for name in folders))
    found = listed(tmp_path)
    assert found == [("a.jpg", name, "") for name in sorted(folders)]
    assert describe_splits(find_pictures(tmp_path)) == ""


def test_the_user_overrules_the_names(tmp_path):
    touch(tmp_path, "train/x/a.jpg", "test/x/b.jpg")
    assert listed(tmp_path, layout="classes") == [("b.jpg", "test", ""), ("a.jpg", "train", "")]
    touch(tmp_path, "car/c.jpg")
    assert sorted(listed(tmp_path, layout="splits")) == [
        ("a.jpg", "x", "train"),
        ("b.jpg", "x", "test"),
        ("c.jpg", "car", "train"),
    ]
    with pytest.raises(UserError, match=r"config.data.layout: found 'clases'; needs classes or splits here; did you"):
        find_pictures(tmp_path, layout="clases")


def test_splits_that_are_not_there_are_refused(tmp_path):
    touch(tmp_path, "train/a.jpg", "cars/b.jpg")
    message = r"^config.data.layout: found 'splits' and the folders cars, train; needs train and test \(or val\)"
    with pytest.raises(UserError, match=message):
        find_pictures(tmp_path, layout="splits")


def test_the_guess_is_described_with_the_flag_that_overrules_it(tmp_path):
    touch(tmp_path, "train/x/a.jpg", "train/x/b.jpg", "test/x/c.jpg")
    assert describe_splits(find_pictures(tmp_path)) == (
        "folders are splits: 2 training and 1 test files, as their names say; "
        "--config.data.layout=classes makes classes of them"
    )


def test_the_prepared_folder_among_them_is_no_class(tmp_path):
    touch(tmp_path, "train/x/a.jpg", "test/x/b.jpg", "kept/c.png")
    assert sorted(listed(tmp_path, but=tmp_path / "kept")) == [("a.jpg", "x", "train"), ("b.jpg", "x", "test")]
