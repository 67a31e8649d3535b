"""idx files through TFDS: what it gives back is what the files hold."""

import numpy as np
import pytest

from vae_jax.data.idx_builder import make_builder, prepare, read_images, read_split
from vae_jax.errors import UserError

CLASSES = ("bag", "boot", "coat")


@pytest.fixture
def raw(tmp_path, idx_bytes):
    """Two splits of noise as idx files: their paths and their arrays."""
    noise = np.random.default_rng(0)
    files, arrays = {}, {}
    for split, n in (("train", 30), ("test", 12)):
        arrays[split] = noise.integers(0, 256, (n, 28, 28)).astype(np.uint8), noise.integers(0, 3, n).astype(np.uint8)
        files[split] = tmp_path / f"{split} images", tmp_path / f"{split} labels"
        for path, array in zip(files[split], arrays[split], strict=True):
            path.write_bytes(idx_bytes(array))
    return files, arrays


def prepared(name, files, folder):
    builder = make_builder(name, files, CLASSES, folder)
    prepare(builder)
    return builder


def test_tfds_gives_the_images_and_labels_of_the_files_in_their_order(raw, tmp_path):
    files, arrays = raw
    builder = prepared("noise", files, tmp_path / "tfds")
    for split, (images, labels) in arrays.items():
        found_images, found_labels = read_split(builder, split)
        np.testing.assert_array_equal(found_images, images[..., None])
        np.testing.assert_array_equal(found_labels, labels)
        assert (found_images.dtype, found_labels.dtype) == (np.uint8, np.int32)


def test_the_builder_knows_the_names_of_the_classes(raw, tmp_path):
    builder = prepared("noise", raw[0], tmp_path / "tfds")
    assert tuple(builder.info.features["label"].names) == CLASSES
    assert builder.info.splits["test"].num_examples == 12


def test_what_is_prepared_is_not_written_again(raw, tmp_path):
    files, arrays = raw
    prepared("noise", files, tmp_path / "tfds")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tfds").rglob("*.array_record*")}
    for paths in files.values():
        for path in paths:
            path.unlink()
    builder = prepared("noise", files, tmp_path / "tfds")
    np.testing.assert_array_equal(read_split(builder, "test")[0][..., 0], arrays["test"][0])
    assert before
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "tfds").rglob("*.array_record*")}


def test_images_of_another_shape_are_refused_with_the_file_named(tmp_path, idx_bytes):
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(np.zeros((2, 28, 27))))
    with pytest.raises(UserError, match=r"images: found images of shape \(28, 27\); needs \(28, 28\)$"):
        read_images(path)
