"""The cache of prepared arrays: made once, and made again if the file is damaged."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.formats.prepared_arrays import prepared, text_array, text_value

ARRAYS = {"images": np.arange(12, dtype=np.uint8).reshape(3, 4), "labels": np.array([1, 0, 2], np.int32)}


def made_again():
    raise AssertionError("made again")


def same(found, arrays=ARRAYS):
    return found.keys() == arrays.keys() and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array) for name, array in arrays.items()
    )


def test_arrays_are_made_once_and_read_back(tmp_path):
    assert same(prepared(tmp_path / "new" / "folder", "noise", "key", lambda: ARRAYS))
    assert same(prepared(tmp_path / "new" / "folder", "noise", "key", made_again))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["noise-key.npz"]


@pytest.mark.parametrize(("name", "key"), [("noise", "other"), ("other", "key")])
def test_another_name_or_key_is_another_file(tmp_path, name, key):
    prepared(tmp_path, "noise", "key", lambda: ARRAYS)
    other = {"images": 255 - ARRAYS["images"]}
    assert same(prepared(tmp_path, name, key, lambda: other), other)
    assert same(prepared(tmp_path, "noise", "key", made_again))


@pytest.mark.slow
def test_any_damaged_byte_of_the_file_is_noticed(tmp_path):
    """A bit of each byte in turn: either it does not matter, or the arrays are made again."""
    prepared(tmp_path, "noise", "key", lambda: ARRAYS)
    path = tmp_path / "noise-key.npz"
    whole = path.read_bytes()
    bits = np.random.default_rng(0).integers(0, 8, len(whole))
    for place, bit in enumerate(bits):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        assert same(prepared(tmp_path, "noise", "key", lambda: ARRAYS)), (place, bit)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_file_that_ends_too_early_is_named_and_made_again(tmp_path, caplog, share):
    prepared(tmp_path, "noise", "key", lambda: ARRAYS)
    path = tmp_path / "noise-key.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with caplog.at_level(logging.WARNING, "vae_jax"):
        assert same(prepared(tmp_path, "noise", "key", lambda: ARRAYS))
    assert f"{path}: can't be read" in caplog.text
    assert "preparing it again" in caplog.text
    assert same(prepared(tmp_path, "noise", "key", made_again))


def test_a_shape_that_was_changed_in_the_file_is_found(tmp_path):
    """The archive's own checksums would not notice a large array that is read short."""
    large = {"images": np.random.default_rng(0).integers(0, 256, (6000, 40)).astype(np.uint8)}
    prepared(tmp_path, "noise", "key", lambda: large)
    path = tmp_path / "noise-key.npz"
    whole = path.read_bytes()
    assert whole.count(b"(6000, 40)") == 1
    path.write_bytes(whole.replace(b"(6000, 40)", b"(2000, 40)"))
    assert same(prepared(tmp_path, "noise", "key", lambda: large), large)


def test_arrays_that_can_not_be_written_are_returned(tmp_path, caplog):
    (tmp_path / "taken").write_text("a file")
    with caplog.at_level(logging.WARNING, "vae_jax"):
        assert same(prepared(tmp_path / "taken", "noise", "key", lambda: ARRAYS))
    assert f"{tmp_path}/taken/noise-key.npz: can't be kept" in caplog.text


def test_an_error_in_make_leaves_no_file(tmp_path):
    with pytest.raises(AssertionError, match="made again"):
        prepared(tmp_path, "noise", "key", made_again)
    assert not list(tmp_path.iterdir())


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_json_values_are_encoded_and_decoded(value):
    assert text_value(text_array(value)) == value


def test_of_simultaneous_runs_one_makes_the_arrays_and_the_others_read_them(tmp_path):
    """Locks hold between threads as between processes."""
    made = []

    def slowly():
        made.append(threading.current_thread().name)
        time.sleep(0.2)
        return ARRAYS

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: prepared(tmp_path / "new", "noise", "key", slowly), range(4)))
    assert len(made) == 1
    assert all(map(same, found))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["noise-key.npz"]


def test_errors_of_check_are_raised_before_anything_is_written(tmp_path):
    def check():
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        prepared(tmp_path / "new", "noise", "key", made_again, check)
    assert not (tmp_path / "new").exists()
