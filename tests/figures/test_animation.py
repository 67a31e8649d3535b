"""Animations by the suffix of their file."""

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image, ImageSequence

from vae_jax.core.errors import UserError
from vae_jax.figures.animation import FRAME, HOLD, check_animation, write_animation


def even(*tones, shape=(20, 30, 1)):
    """Frames of one tone each."""
    return np.stack([np.full(shape, tone, np.uint8) for tone in tones])


def read(path):
    with Image.open(path) as picture:
        shown = ImageSequence.Iterator(picture)
        frames = [(np.asarray(frame.convert("RGB")).mean(), frame.info.get("duration")) for frame in shown]
        return frames, picture.info, picture.size


@pytest.mark.parametrize("suffix", [".gif", ".GIF", ".webp", ".png"])
@pytest.mark.parametrize("channels", [1, 3])
def test_frames_go_forwards_and_backwards_endlessly_and_pause_at_both_ends(tmp_path, suffix, channels):
    write_animation(tmp_path / f"a{suffix}", even(0, 60, 120, 240, shape=(20, 30, channels)))
    frames, info, size = read(tmp_path / f"a{suffix}")
    assert [tone for tone, _ in frames] == pytest.approx([0, 60, 120, 240, 120, 60], abs=3)
    assert [duration for _, duration in frames] == [HOLD, FRAME, FRAME, HOLD, FRAME, FRAME]
    assert info["loop"] == 0
    assert size == (450, 300)  # the shorter side at least 300
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize(
    ("shape", "size"), [((50, 50, 1), (300, 300)), ((28, 20, 1), (300, 420)), ((310, 400, 1), (400, 310))]
)
def test_small_frames_are_enlarged_by_whole_numbers(tmp_path, shape, size):
    write_animation(tmp_path / "a.gif", even(10, 200, shape=shape))
    assert read(tmp_path / "a.gif")[2] == size


def test_enlarging_is_smooth(tmp_path):
    frames = even(0, 0)
    frames[:, :, 15:] = 255
    write_animation(tmp_path / "a.png", frames)
    with Image.open(tmp_path / "a.png") as picture:
        row = np.asarray(picture)[150].astype(int)
    assert np.abs(np.diff(row)).max() < 60


def test_an_unknown_suffix_is_named_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match=r"--out: found '.gift'; known are .gif, .mp4, .png, .webp"):
        write_animation(tmp_path / "a.gift", even(0, 1))
    assert not list(tmp_path.iterdir())


def test_mp4_needs_ffmpeg_and_the_error_names_alternatives(tmp_path):
    if find_spec("imageio_ffmpeg"):
        write_animation(tmp_path / "a.mp4", even(0, 100, 200))
        assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    else:
        with pytest.raises(UserError, match=r"--out: a.mp4 needs FFmpeg \(pip install imageio imageio-ffmpeg\)"):
            check_animation(tmp_path / "a.mp4")
