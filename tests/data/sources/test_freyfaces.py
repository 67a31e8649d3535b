"""Frey faces: frames of a film, in blocks so that the test frames are not the neighbours of training frames."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.sources.freyfaces import BLOCK, held_frames, load, split_film


def film(n):
    """Frames with their numbers in their first two pixels."""
    frames = np.full((n, 28, 20), 128, np.uint8)
    frames[:, 0, 0], frames[:, 0, 1] = np.arange(n) // 256, np.arange(n) % 256
    return frames


def numbers(split):
    return split.images[:, 0, 0, 0].astype(int) * 256 + split.images[:, 0, 1, 0]


def npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def mat(**values):
    content = io.BytesIO()
    savemat(content, values)
    return content.getvalue()


def columns(frames):
    """Frames as in the published file: 560 pixels by frames."""
    return frames.reshape(len(frames), -1).T


@pytest.fixture
def put(tmp_path):
    """Put a file into a raw folder and return the config that reads it."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return DataConfig(name="freyfaces", raw_dir=str(tmp_path))

    return write


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("freyfaces/frey_rawface.mat", lambda frames: mat(ff=columns(frames))),
        ("freyfaces/frey_rawface.mat", lambda frames: mat(ff=columns(frames).astype(float))),
        ("frey_rawface.mat", lambda frames: mat(ff=columns(frames))),
        ("freyfaces/frey_1965x28x20_uint8.npy", npy),
        ("frey.npy", npy),
    ],
)
def test_a_film_is_read_as_published_or_as_an_array(put, tmp_path, name, write):
    frames = film(100)
    dataset = load(put(name, write(frames)))
    assert dataset.source == str(tmp_path / name)
    assert dataset.image_shape == (28, 20, 1)
    for split in (dataset.train, dataset.test):
        np.testing.assert_array_equal(split.images[..., 0], frames[numbers(split)])
    assert sorted([*numbers(dataset.train), *numbers(dataset.test)]) == list(range(100))


@given(st.integers(2 * BLOCK + 1, 1200), st.floats(0.01, 0.5))
def test_whole_blocks_are_held_out_in_about_the_share_asked_for(n, fraction):
    train, test = split_film(film(n), fraction)
    assert sorted([*numbers(train), *numbers(test)]) == list(range(n))
    assert not set(numbers(train) // BLOCK) & set(numbers(test) // BLOCK)
    assert len(train) > 0
    assert abs(len(test) - fraction * n) <= 1.5 * BLOCK


@given(st.integers(4 * BLOCK + 1, 1200), st.floats(0.01, 0.3), st.floats(0.01, 0.4))
def test_validation_images_are_whole_blocks_too(n, test_fraction, fraction):
    train, _ = split_film(film(n), test_fraction)
    held = held_frames(len(train), fraction)
    assert 0 < held.sum() < len(train)
    assert not set(numbers(train)[held] // BLOCK) & set(numbers(train)[~held] // BLOCK)


def test_the_blocks_held_out_are_spread_over_the_film():
    _, test = split_film(film(100 * BLOCK), 0.1)
    gaps = np.diff([-1, *np.unique(numbers(test) // BLOCK), 100])
    assert gaps.max() <= 11


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("frey.npy", b"", "not a readable .npy file"),
        ("frey.npy", npy(film(3))[:-1], "not a readable .npy file"),
        ("frey.npy", b"GIF89a" + bytes(100), "not a readable .npy file"),
        ("frey.npy", npy(np.array([{}], object)), "not a readable .npy file"),
        ("frey.npy", npy(film(3) / 255), "found float64(3, 28, 20); needs uint8 (frames, 28, 20)"),
        ("frey.npy", npy(film(3).reshape(3, 560)), "found uint8(3, 560); needs uint8 (frames, 28, 20)"),
        ("frey.npy", npy(film(0)), "found uint8(0, 28, 20); needs"),
        ("frey.npy", npy(np.uint8(3)), "found uint8(); needs"),
        ("frey_rawface.mat", b"", "not frey_rawface.mat as published"),
        ("frey_rawface.mat", b"<html>Not Found</html>\n", "not frey_rawface.mat as published"),
        ("frey_rawface.mat", mat(ff=columns(film(3)))[:150], "not frey_rawface.mat as published"),
        ("frey_rawface.mat", mat(ff=columns(film(3)))[:-90], "not frey_rawface.mat as published"),
        ("frey_rawface.mat", mat(gg=columns(film(3))), "not frey_rawface.mat as published (KeyError: 'ff')"),
        ("frey_rawface.mat", mat(ff=film(560)[:, :, 0].T), "found an array of shape (28, 560); needs 560 pixels"),
        ("frey_rawface.mat", mat(ff=columns(film(3)) / 255), "found float64 pixels; needs whole numbers from 0 to 255"),
        ("frey_rawface.mat", mat(ff=np.full((560, 3), np.nan)), "found float64 pixels; needs whole numbers"),
        ("frey_rawface.mat", mat(ff=np.full((560, 3), 256)), "found int64 pixels; needs whole numbers"),
        ("frey_rawface.mat", mat(ff=np.full((560, 3), "a")), "found <U1 pixels; needs whole numbers"),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else value,  # a .mat file holds the time
)
def test_another_film_is_an_error_that_says_what_was_found(put, tmp_path, name, content, message):
    with pytest.raises(UserError) as error:
        load(put(name, content))
    assert str(error.value).startswith(f"{tmp_path / name}: {message}")
    assert "\n" not in str(error.value)


@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_header_gives_an_error_in_one_line_or_a_film(tmp_path_factory, damage):
    content = bytearray(npy(film(60)))
    for place, value in damage:
        content[place] = value
    folder = tmp_path_factory.mktemp("raw")
    (folder / "frey.npy").write_bytes(content)
    try:
        dataset = load(DataConfig(name="freyfaces", raw_dir=str(folder)))
    except UserError as error:
        assert str(error).startswith(f"{folder / 'frey.npy'}: ")
        assert "\n" not in str(error)
    else:
        assert dataset.image_shape == (28, 20, 1)


def test_without_a_film_the_error_says_where_to_put_it(tmp_path):
    with pytest.raises(UserError) as error:
        load(DataConfig(name="freyfaces", raw_dir=str(tmp_path)))
    assert str(error.value).startswith(f"{tmp_path / 'freyfaces'}: found no frey_rawface.mat and no frey*.npy")
    assert "config.data.raw_dir or VAE_JAX_RAW" in str(error.value)


def test_the_real_film_is_read(real_folder):
    dataset = load(DataConfig(name="freyfaces", raw_dir=str(real_folder("freyfaces").parent)))
    assert len(dataset.train) + len(dataset.test) == 1965
    frames = dataset.train.images.astype(float)
    to_the_next, to_any = np.diff(frames, axis=0), frames - np.roll(frames, len(frames) // 2, axis=0)
    assert np.abs(to_the_next).mean() < np.abs(to_any).mean()
