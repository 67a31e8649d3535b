"""Figures of morphs: strips of frames, reconstructions of the starts, and the starts' losses."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_jax.evaluation.morphs import Morph, ReferenceSet
from vae_jax.figures.canvas import DPI, INK, colour, finish, magnification, new_figure, plain, show, tile
from vae_jax.figures.legends import legend
from vae_jax.figures.losses import histogram
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import short

MOST_FRAMES = 25  # of a strip; an even selection of more
STRIP_WIDTH = 15.0  # inches
MOST_LETTERS = 16  # of a name
MOST_NAMED = 10  # morphs that are named in a histogram; more are counted


def strip_sheet(morph: Morph, most: int, scale: int) -> UInt8[np.ndarray, "rows across 3"]:
    """Arrange the start, the frames and the end in a row, with wider gaps around the frames.

    Args:
        morph: the start, the end and the frames.
        most: maximum number of frames.
        scale: enlargement by repeating pixels.
    """
    steps = len(morph.frames)
    frames = morph.frames[np.linspace(0, steps - 1, min(most, steps)).round().astype(int)]
    parts = [tile(part, len(part), 2, scale) for part in (morph.start[None], frames, morph.end[None])]
    edge = max(2, round(0.12 * morph.start.shape[1])) * scale
    blank = np.full((len(parts[0]), edge, 3), 255, np.uint8)
    return np.concatenate([parts[0], blank, parts[1], blank, parts[2]], axis=1)


@own_settings()
def strip(morph: Morph, reference: ReferenceSet) -> Figure:
    """The original start, the decoded frames, the original end."""
    columns = 2 + min(MOST_FRAMES, len(morph.frames))
    width = STRIP_WIDTH * min(1, max(0.5, columns / 27))
    scale = max(1, round(width * DPI / (columns * morph.start.shape[1])))
    sheet = strip_sheet(morph, MOST_FRAMES, scale)
    figure = new_figure(width * sheet.shape[0] / sheet.shape[1] + (0.55 if reference.notice else 0.35), width)
    show(figure.subplots(), sheet)
    return finish(figure, f"{short(morph.name, MOST_LETTERS)}: {reference.title}", reference.notice)


@own_settings()
def reconstruction(morph: Morph, reference: ReferenceSet) -> Figure:
    """The start, its reconstruction, and its loss in the histogram of the test images' losses."""
    figure = new_figure(3.6, 10.5)
    original, remade, axes = figure.subplots(1, 3, width_ratios=[1, 1, 2])
    scale = magnification(morph.start.shape[1], 4)
    show(original, tile(morph.start[None], 1, scale=scale), short(morph.name, MOST_LETTERS))
    show(remade, tile(morph.remade[None], 1, scale=scale), "its reconstruction")
    draw_losses(axes, [morph], reference)
    return finish(figure, reference.title, reference.notice)


@own_settings()
def losses(morphs: Sequence[Morph], reference: ReferenceSet) -> Figure:
    """The losses of all starts in the histogram of the test images' losses."""
    figure = new_figure(4.2)
    draw_losses(figure.subplots(), morphs, reference)
    return finish(figure, reference.title, reference.notice)


def draw_losses(axes: Axes, morphs: Sequence[Morph], reference: ReferenceSet) -> None:
    """Draw the histogram of the test images' losses, and a dashed line for each start's."""
    plain(axes, reference.loss_unit, "test images")
    classes = histogram(axes, reference.losses, reference.labels, reference.class_names)
    named = [(bars, short(name, MOST_LETTERS)) for bars, name in classes]
    for k, morph in enumerate(sorted(morphs, key=lambda each: each.loss)):
        several = len(morphs) > MOST_NAMED
        name = f"{len(morphs)} pictures" if several else f"{short(morph.name, MOST_LETTERS)} ({morph.loss:,.4g})"
        inked = INK if len(morphs) == 1 or several else colour(3 + k)
        line = axes.axvline(morph.loss, color=inked, linestyle="--", linewidth=1.2)
        if not several or not k:
            named.append((line, name))
    columns = 2 if len(morphs) == 1 else 3
    legend(axes, named, most=len(named), fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)
