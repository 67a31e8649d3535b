"""Animations of decoded images as GIF, WebP, APNG or MP4, by the file's suffix."""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vae_jax.core.atomic_files import written_atomically
from vae_jax.core.errors import UserError
from vae_jax.core.registry import Registry

SMALLEST = 300  # minimum of an animation's shorter side, in pixels
FRAME, HOLD = 80, 800  # milliseconds that a frame is shown, and the first and the last one

Frames = UInt8[np.ndarray, "n height width channels"]


def check_animation(path: Path) -> None:
    """Check that an animation can be written to a file of that name.

    Raises:
        UserError: its suffix is unknown, or needs a package that is not installed.
    """
    WRITERS[path.suffix.lower()]
    if path.suffix.lower() == ".mp4" and (find_spec("imageio") is None or find_spec("imageio_ffmpeg") is None):
        raise UserError(
            f"--out: {path.name} needs FFmpeg (pip install imageio imageio-ffmpeg); .gif, .webp, .png don't"
        )


def write_animation(path: Path, frames: Frames) -> None:
    """Write frames forwards and backwards as an endless animation, enlarged smoothly; the file is written atomically.

    Args:
        path: its suffix gives the format.
        frames: at least one, grey (1 channel) or colour (3).

    Raises:
        UserError: see `check_animation`.
    """
    from PIL import Image

    check_animation(path)
    height, width = frames.shape[1:3]
    scale = max(1, -(-SMALLEST // min(height, width)))
    pictures = [
        Image.fromarray(frame if frame.shape[2] == 3 else frame[..., 0]).resize(
            (width * scale, height * scale), Image.Resampling.BICUBIC
        )
        for frame in frames
    ]
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    durations = [HOLD if k in (0, len(frames) - 1) else FRAME for k in order]
    with written_atomically(path) as partial:
        WRITERS[path.suffix.lower()](partial, [pictures[k] for k in order], durations)


def is_animated(path: Path) -> bool:
    """Return whether a file is an animation that Pillow can read."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, Image.DecompressionBombError):
        return False


def _by_pillow(format_name: str, **how: Any) -> Callable[[Path, list[Any], list[int]], None]:
    def write(path: Path, pictures: list[Any], durations: list[int]) -> None:
        first, *others = pictures
        with path.open("wb") as file:
            first.save(file, format_name, save_all=True, append_images=others, duration=durations, loop=0, **how)

    return write


def _by_ffmpeg(path: Path, pictures: list[Any], durations: list[int]) -> None:
    import imageio.v2 as imageio

    how: dict[str, Any] = {"fps": 1000 / FRAME, "codec": "libx264", "macro_block_size": 2}
    opened: Any = imageio.get_writer(path, format="FFMPEG", **how)
    with warnings.catch_warnings(), opened as writer:
        warnings.simplefilter("ignore", RuntimeWarning)  # JAX warns of the fork, which only starts FFmpeg
        for picture, milliseconds in zip(pictures, durations, strict=True):
            for _ in range(milliseconds // FRAME):
                writer.append_data(np.asarray(picture.convert("RGB")))


WRITERS: Registry[Callable[[Path, list[Any], list[int]], None]] = Registry(
    "--out",
    {
        ".gif": _by_pillow("GIF"),
        ".mp4": _by_ffmpeg,
        ".png": _by_pillow("PNG"),
        ".webp": _by_pillow("WEBP", quality=90),
    },
)
