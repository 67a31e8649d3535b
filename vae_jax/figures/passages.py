"""Figures of ways between pictures: strips, what is made of their starts, and where the starts' losses lie."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_jax.evaluation.passage import Backdrop, Passage
from vae_jax.figures.canvas import DPI, INK, colour, finish, magnification, new_figure, plain, show, tile
from vae_jax.figures.legends import legend
from vae_jax.figures.losses import histogram
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import short

MOST_FRAMES = 25  # of a strip; of longer ways they are evenly picked
STRIP_WIDTH = 15.0  # inches
MOST_LETTERS = 16  # of a name
MOST_NAMED = 10  # starts with a line and a name of their own in a histogram


def strip_sheet(passage: Passage, most: int, scale: int) -> UInt8[np.ndarray, "rows across 3"]:
    """Lay out the start, frames and, set off by a wider gap at both sides of these, the end.

    Args:
        passage: the way.
        most: frames at most.
        scale: how many times each pixel is repeated.
    """
    steps = len(passage.frames)
    frames = passage.frames[np.linspace(0, steps - 1, min(most, steps)).round().astype(int)]
    parts = [tile(part, len(part), 2, scale) for part in (passage.start[None], frames, passage.end[None])]
    edge = max(2, round(0.12 * passage.start.shape[1])) * scale
    blank = np.full((len(parts[0]), edge, 3), 255, np.uint8)
    return np.concatenate([parts[0], blank, parts[1], blank, parts[2]], axis=1)


@own_settings()
def strip(passage: Passage, backdrop: Backdrop) -> Figure:
    """The original start, what is decoded on the way, the original end."""
    columns = 2 + min(MOST_FRAMES, len(passage.frames))
    width = STRIP_WIDTH * min(1, max(0.5, columns / 27))
    scale = max(1, round(width * DPI / (columns * passage.start.shape[1])))
    sheet = strip_sheet(passage, MOST_FRAMES, scale)
    figure = new_figure(width * sheet.shape[0] / sheet.shape[1] + (0.55 if backdrop.notice else 0.35), width)
    show(figure.subplots(), sheet)
    return finish(figure, f"{short(passage.name, MOST_LETTERS)}: {backdrop.title}", backdrop.notice)


@own_settings()
def reconstruction(passage: Passage, backdrop: Backdrop) -> Figure:
    """The start, what the model makes of it, and where its loss lies among those of the test images."""
    figure = new_figure(3.6, 10.5)
    original, remade, axes = figure.subplots(1, 3, width_ratios=[1, 1, 2])
    scale = magnification(passage.start.shape[1], 4)
    show(original, tile(passage.start[None], 1, scale=scale), short(passage.name, MOST_LETTERS))
    show(remade, tile(passage.remade[None], 1, scale=scale), "as the model makes it again")
    draw_losses(axes, [passage], backdrop)
    return finish(figure, backdrop.title, backdrop.notice)


@own_settings()
def losses(passages: Sequence[Passage], backdrop: Backdrop) -> Figure:
    """Where the losses of all starts lie among those of the test images."""
    figure = new_figure(4.2)
    draw_losses(figure.subplots(), passages, backdrop)
    return finish(figure, backdrop.title, backdrop.notice)


def draw_losses(axes: Axes, passages: Sequence[Passage], backdrop: Backdrop) -> None:
    """Draw the histogram of the test images' losses, and a dashed line for each start's."""
    plain(axes, backdrop.loss_unit, "test images")
    classes = histogram(axes, backdrop.losses, backdrop.labels, backdrop.class_names)
    named = [(bars, short(name, MOST_LETTERS)) for bars, name in classes]
    for k, passage in enumerate(sorted(passages, key=lambda each: each.loss)):
        several = len(passages) > MOST_NAMED
        name = f"{len(passages)} pictures" if several else f"{short(passage.name, MOST_LETTERS)} ({passage.loss:,.4g})"
        inked = INK if len(passages) == 1 or several else colour(3 + k)
        line = axes.axvline(passage.loss, color=inked, linestyle="--", linewidth=1.2)
        if not several or not k:
            named.append((line, name))
    columns = 2 if len(passages) == 1 else 3
    legend(axes, named, most=len(named), fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)
