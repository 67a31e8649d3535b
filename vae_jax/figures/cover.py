"""The cover: strips of several morphs, the schematic of the model, and its latent space with the morphs' paths."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_jax.evaluation.morphs import Morph, ReferenceSet
from vae_jax.figures.canvas import (
    INK,
    MUTED,
    finish,
    height_of,
    magnification,
    new_figure,
    plain,
    scatter_classes,
    show,
)
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.morphs import strip_sheet
from vae_jax.figures.schematic import draw_schematic
from vae_jax.figures.spaces import axis_names
from vae_jax.interpolation.planes import widest_plane

STRIPS, FRAMES = 6, 9
BELOW = 3.3  # height of the lower half, in inches


@own_settings()
def cover(morphs: Sequence[Morph], reference: ReferenceSet) -> Figure:
    """Draw morphs as strips, an even selection of many, and below them the model and its latent space."""
    picked = np.linspace(0, len(morphs) - 1, min(STRIPS, len(morphs))).round().astype(int)
    shown = [morphs[k] for k in picked]
    scale = magnification(shown[0].start.shape[1], FRAMES + 2)
    sheets = [strip_sheet(morph, FRAMES, scale) for morph in shown]
    gap = np.full((2 * scale, sheets[0].shape[1], 3), 255, np.uint8)
    sheet = np.concatenate([part for each in sheets for part in (each, gap)][:-1])
    above = height_of(sheet)
    figure = new_figure(above + BELOW + 0.6)
    (upper,), (lower,) = figure.subfigures(2, 1, height_ratios=[above, BELOW], squeeze=False)
    show(upper.subplots(), sheet)
    left, right = lower.subplots(1, 2, width_ratios=[1.5, 1])
    draw_schematic(left, max(shown, key=lambda morph: float(morph.remade.std())), reference)
    _draw_paths(right, shown, reference)
    return finish(figure, reference.title, reference.notice)


def _draw_paths(axes: Axes, morphs: Sequence[Morph], reference: ReferenceSet) -> None:
    plane = widest_plane(reference.mu)
    points, names = plane.coordinates(reference.mu), axis_names(reference.mu.shape[1])
    scatter_classes(plain(axes, *names), points, reference.labels, reference.class_names, alpha=0.45)
    for morph in morphs:
        path = plane.coordinates(morph.way)
        axes.plot(path[:, 0], path[:, 1], "-", color=INK, linewidth=1.1)
        for end, marker in ((path[0], "o"), (path[-1], "s")):
            axes.plot(*end, marker, color=INK, markersize=5, markeredgecolor="white", markeredgewidth=0.6)
    axes.set_title("● start   ■ end", fontsize=7.5, loc="left", color=MUTED)
