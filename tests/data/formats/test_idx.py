"""Idx files: arrays are read as written, and anything else is a one-line error that names the file."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from vae_jax.core.errors import UserError
from vae_jax.data.formats.idx import read_idx


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)), st.booleans())
def test_an_array_is_read_as_it_was_written(tmp_path_factory, idx_bytes, array, zipped):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path, array.ndim), array)


@st.composite
def nearly_idx(draw):
    """A small idx file with changed bytes or cut short, perhaps gzipped before or after."""
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    content = bytes([0, 0, 8, len(sizes)]) + b"".join(n.to_bytes(4, "big") for n in sizes) + bytes(np.prod(sizes))
    if draw(st.booleans()):
        content = gzip.compress(content)
    content = bytearray(content)
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=3)):
        content[place] = value
    content = bytes(content[: draw(st.integers(0, len(content)))])
    return gzip.compress(content) if draw(st.booleans()) else content


@given(st.binary(max_size=40) | nearly_idx(), st.sampled_from([1, 3]))
def test_any_bytes_give_an_array_or_an_error_in_one_line(tmp_path_factory, idx_bytes, content, dimensions):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    try:
        array = read_idx(path, dimensions)
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
    else:
        assert idx_bytes(array) in (content, gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda whole: b"", "found nothing at its start"),
        (lambda whole: b"\x89PNG" + whole[4:], "found 89504e47 at its start; needs an idx file of 3 dimensions"),
        (lambda whole: b"\0\0\x0d\x03" + whole[4:], "found 00000d03 at its start"),
        (lambda whole: b"\0\0\x08\x01" + whole[4:], "found 00000801 at its start"),
        (lambda whole: whole[:9], "found 00000803 at its start"),
        (lambda whole: whole[:-1], "found 11 bytes for shape (3, 2, 2); needs 12"),
        (lambda whole: whole + b"x", "found 13 bytes for shape (3, 2, 2); needs 12"),
        (lambda whole: whole[:4] + bytes(12), "found nothing in it (shape (0, 0, 0))"),
        (lambda whole: whole[:4] + bytes(4) + b"\xff" * 8, "found nothing in it"),
        (lambda whole: whole[:4] + b"\xff" * 12, "found 0 bytes for shape"),
        (lambda whole: gzip.compress(whole)[:-3], "can't be read"),
        (lambda whole: b"\x1f\x8b" + whole, "can't be read"),
        (lambda whole: gzip.compress(whole) + b"more", "can't be read"),
        (lambda whole: gzip.compress(whole)[:-8] + bytes(8), "can't be read"),
    ],
)
def test_another_file_is_an_error_that_says_what_was_found(tmp_path, idx_bytes, harm, message):
    path = tmp_path / "images"
    path.write_bytes(harm(idx_bytes(np.zeros((3, 2, 2)))))
    with pytest.raises(UserError) as error:
        read_idx(path, 3)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "put the published file there again" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match="nowhere: can't be read"):
        read_idx(tmp_path / "nowhere", 1)
