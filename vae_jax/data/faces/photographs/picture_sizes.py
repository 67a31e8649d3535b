"""Sizes of pictures, by which some sets are recognised."""

from collections.abc import Sequence
from pathlib import Path

from vae_jax.data.formats.picture_files import picture_size

SAMPLE = 8


def sizes_among(paths: Sequence[Path]) -> set[tuple[int, int]]:
    """Return the widths and heights of `SAMPLE` evenly spaced files, without those that are not pictures."""
    chosen = [paths[k * len(paths) // SAMPLE] for k in range(SAMPLE)] if len(paths) > SAMPLE else paths
    return {size for size in map(picture_size, chosen) if size}
