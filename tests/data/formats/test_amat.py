"""Files of binary images as text: read exactly, or refused in one line."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.errors import UserError
from vae_jax.data.formats import amat
from vae_jax.data.formats.amat import read_amat

DIGITS = np.random.default_rng(0).integers(0, 2, (7, 5)).astype(np.uint8)


def text(digits):
    return "".join(" ".join(map(str, row)) + "\n" for row in digits).encode()


def changed(place, to):
    return text(DIGITS)[:place] + to + text(DIGITS)[place + 1 :]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("at_once", [2, 1000])
def test_a_file_is_read_as_numpy_reads_it(tmp_path, monkeypatch, pack, at_once):
    monkeypatch.setattr(amat, "AT_ONCE", at_once)
    (tmp_path / "file").write_bytes(pack(text(DIGITS)))
    np.savetxt(tmp_path / "same", DIGITS, "%d")
    assert (tmp_path / "same").read_bytes() == text(DIGITS)
    np.testing.assert_array_equal(read_amat(tmp_path / "file", 7, 5), DIGITS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found 0 rows; needs 7"),
        (text(DIGITS[:4]), "found 4 rows; needs 7"),
        (text(DIGITS) + b"0", "found more than 7 rows; needs 7"),
        (text(DIGITS)[:-1], "ends within row 7; needs 7"),
        (text(DIGITS)[:-13], "ends within row 6; needs 7"),
        (changed(24, b"2"), "row 3 is not 5 times 0 or 1, separated by spaces"),
        (changed(68, b"\xff"), "row 7 is not"),
        (changed(9, b" "), "row 1 is not"),
        (changed(1, b"\n"), "row 1 is not"),
        (b"<html>Not Found</html>\n", "row 1 is not"),
        (gzip.compress(text(DIGITS), mtime=0)[:-9], "can't be read ("),
        (b"\x1f\x8b" + text(DIGITS), "can't be read ("),
    ],
)
def test_another_file_is_an_error_that_says_what_was_found(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UserError) as error:
        read_amat(tmp_path / "file", 7, 5)
    assert str(error.value).startswith(f"{tmp_path / 'file'}: {message}")
    assert str(error.value).endswith("put the published file there again")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"file: can't be read \(.*No such file"):
        read_amat(tmp_path / "file", 7, 5)


@given(st.binary(max_size=40), st.sampled_from([b"", b"\x1f\x8b\x08", text(DIGITS[:1])]))
def test_any_bytes_give_rows_or_one_line(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "any.amat"
    path.write_bytes(start + content)
    try:
        assert read_amat(path, 1, 5).max() <= 1
    except UserError as error:
        assert "\n" not in str(error)
