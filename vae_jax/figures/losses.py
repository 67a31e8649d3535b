"""Figures of losses: over the run, and over the test images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_jax.evaluation.portrait import Portrait
from vae_jax.figures.canvas import COLOURS, finish, new_figure, plain

PANELS = (("recon", "recon"), ("kl", "KL"), ("loss", "recon + beta_KL · KL"), ("beta_kl", "beta_KL"))


def smoothed(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """A centred moving average over about a tenth of the points, shorter at both ends."""
    reach = len(values) // 20
    padded = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(len(values)) - reach, 0)
    last = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    mean: Float[np.ndarray, " n"] = (padded[last] - padded[first]) / (last - first)
    return mean


def loss_curves(lines: Sequence[dict[str, Any]], title: str, notice: str) -> Figure:
    """Draw recon, KL, their weighted sum and beta_KL against the epoch: points, and a smoothed line.

    Args:
        lines: of `metrics.jsonl`.
        title, notice: what every figure carries.
    """
    members = sorted({line["member"] for line in lines})
    figure = new_figure(5.6)
    for (name, label), axes in zip(PANELS, figure.subplots(2, 2, sharex=True).ravel(), strict=True):
        plain(axes, "epoch" if name in ("loss", "beta_kl") else "", label)
        for member in members:
            colour = COLOURS[member % len(COLOURS)]
            mine = [line for line in lines if line["member"] == member]
            _curve(axes, [line for line in mine if line["split"] == "train"], name, colour, test=False)
            if name != "beta_kl":
                _curve(axes, [line for line in mine if line["split"] == "test"], name, colour, test=True)
        drawn = [line[name] for line in lines]
        if name == "recon" and min(drawn) > 0:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
            axes.yaxis.set_minor_formatter(lambda value, _: f"{value:.3g}" if max(drawn) < 4 * min(drawn) else "")
            axes.tick_params(which="minor", labelsize=7, colors="#6b737c")
        if name == "recon":
            axes.plot([], [], ".", color=COLOURS[0], label="train")
            axes.plot([], [], "D", color=COLOURS[0], markerfacecolor="white", markersize=4.5, label="test")
            axes.legend(fontsize=8, frameon=False)
    return finish(figure, title, notice)


def _curve(axes: Axes, lines: Sequence[dict[str, Any]], name: str, colour: str, *, test: bool) -> None:
    epochs = np.array([line["epoch"] for line in lines], float)
    values = np.array([line[name] for line in lines], float)
    if test:
        axes.plot(epochs, values, "D", color=colour, markerfacecolor="white", markersize=4.5, zorder=3)
    else:
        axes.plot(epochs, values, ".", color=colour, markersize=3.5, alpha=0.45)
        axes.plot(epochs, smoothed(values) if name != "beta_kl" else values, color=colour, linewidth=1.4)


def loss_histogram(portrait: Portrait) -> Figure:
    """How the reconstruction losses of the test images are spread, by class, counts on a log axis."""
    figure = new_figure(3.9, 7.6)
    axes = plain(figure.subplots(), portrait.loss_unit, "test images")
    edges = np.histogram_bin_edges(portrait.losses, bins=25)
    classes = np.unique(portrait.test_labels)
    if len(classes) > 4:
        axes.hist(portrait.losses, edges, color=COLOURS[0], alpha=0.8)
    else:
        for label in classes:
            losses = portrait.losses[portrait.test_labels == label]
            style = {"histtype": "stepfilled", "alpha": 0.45, "edgecolor": COLOURS[label], "linewidth": 1.2}
            axes.hist(losses, edges, color=COLOURS[label], label=portrait.class_names[label], **style)
        if len(classes) > 1:
            axes.legend(fontsize=8, frameon=False)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    return finish(figure, portrait.title, portrait.notice)
