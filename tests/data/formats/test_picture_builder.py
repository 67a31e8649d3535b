"""Images through TFDS: they are read as they were written."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.formats import picture_builder
from vae_jax.data.formats.picture_builder import make_builder, prepare, read_split

SHAPE = (9, 7, 1)
CLASSES = ("bag", "boot", "coat")


def examples(images, labels):
    return len(images), lambda k: (images[k], int(labels[k]), {"file": f"{k} é.jpg", "age": k})


def splits(shape=SHAPE):
    """Two splits of noise: arrays, and their examples."""
    noise = np.random.default_rng(0)
    arrays = {
        split: (noise.integers(0, 256, (n, *shape)).astype(np.uint8), noise.integers(0, 3, n))
        for split, n in (("train", 30), ("test", 12))
    }
    return arrays, {split: examples(*arrays[split]) for split in arrays}


def prepared(given, folder, shape=SHAPE):
    builder = make_builder("noise", shape, CLASSES, given, folder, {"file": str, "age": int}, "ask the author")
    prepare(builder)
    return builder


@pytest.mark.parametrize("channels", [1, 3])
def test_images_and_labels_are_read_in_the_written_order(tmp_path, channels):
    shape = (*SHAPE[:2], channels)
    arrays, given = splits(shape)
    builder = prepared(given, tmp_path, shape)
    for split, (images, labels) in arrays.items():
        found_images, found_labels = read_split(builder, split)
        np.testing.assert_array_equal(found_images, images)
        np.testing.assert_array_equal(found_labels, labels)
        assert (found_images.dtype, found_labels.dtype) == (np.uint8, np.int32)


def test_the_builder_knows_the_classes_the_facts_and_where_raw_files_come_from(tmp_path):
    builder = prepared(splits()[1], tmp_path)
    assert tuple(builder.info.features["label"].names) == CLASSES
    assert builder.info.splits["test"].num_examples == 12
    row = builder.as_data_source(split="test")[3]
    assert (row["file"].decode(), row["age"]) == ("3 é.jpg", 3)
    assert builder.MANUAL_DOWNLOAD_INSTRUCTIONS == "ask the author"


def test_what_is_prepared_is_not_written_again(tmp_path, capsys):
    arrays, given = splits()
    prepared(given, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.array_record*")}
    builder = prepared({}, tmp_path)
    np.testing.assert_array_equal(read_split(builder, "test")[0], arrays["test"][0])
    assert before
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.array_record*")}
    assert not capsys.readouterr().out


def test_images_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"found an image uint8\(9, 7, 1\); needs uint8\(9, 8, 1\)"):
        prepared(splits()[1], tmp_path, (9, 8, 1))


def test_examples_are_held_in_memory_for_one_file_at_a_time(tmp_path, monkeypatch):
    """TFDS requests the examples of a file when the file before it is complete."""
    monkeypatch.setattr(picture_builder, "FILE_SIZE", 8 * math.prod(SHAPE))
    arrays, given = splits()
    whole = {}

    def seen(k):
        whole[k] = sum(path.stat().st_size > 0 for path in tmp_path.rglob("*train.array_record*"))
        return given["train"][1](k)

    builder = prepared({"train": (30, seen)}, tmp_path)
    assert [whole[k] for k in (0, 8, 16, 24)] == [0, 1, 2, 3]
    np.testing.assert_array_equal(read_split(builder, "train")[0], arrays["train"][0])


@given(count=st.integers(0, 10**6), size=st.integers(1, 10**8))
def test_every_example_is_in_one_file_and_files_are_few(count, size):
    files = picture_builder._files(count, size)
    assert all(before.stop == after.start for before, after in itertools.pairwise(files))
    assert sum(map(len, files)) == count
    assert len(files) <= picture_builder.MOST_FILES
