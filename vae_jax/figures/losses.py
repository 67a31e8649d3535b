"""Figures of losses: curves over the run, and histograms over the test images."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter

from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.figures.canvas import COLOURS, INK, MUTED, OTHERS, colour, finish, new_figure, plain
from vae_jax.figures.legends import Named, legend
from vae_jax.figures.matplotlib_settings import own_settings

PANELS = (("recon", "recon"), ("kl", "KL"), ("loss", "loss"), ("beta_kl", "beta_KL"))
HELD_OUT = {"validation": "s", "test": "D"}  # the marker of each held-out split


def smoothed(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return a moving average over about a tenth of the points, leaving out values that are not finite.

    Near both ends it is over fewer points, so that it stays centred: else a falling curve would start too low.
    """
    places = np.arange(len(values))
    reach = np.minimum(len(values) // 20, np.minimum(places, places[::-1]))
    first, last = places - reach, places + reach + 1

    def in_windows(each: np.ndarray) -> np.ndarray:
        sums = np.concatenate([[0.0], np.cumsum(each)])
        within: np.ndarray = sums[last] - sums[first]
        return within

    finite = np.isfinite(values)
    counts = in_windows(finite)
    origin = values[finite][:1].sum()  # summing differences from it keeps a constant curve exactly constant
    sums = in_windows(np.where(finite, values, origin) - origin)
    mean: Float[np.ndarray, " n"] = origin + sums / np.where(counts > 0, counts, np.nan)
    return mean


@own_settings()
def loss_curves(
    lines: Sequence[dict[str, Any]],
    title: str,
    notice: str,
    groups: Mapping[int, str] | None = None,
    units: Mapping[int, str] | None = None,
    unranked: str = "",
) -> Figure:
    """Draw recon, KL, their weighted sum and beta_KL against the epoch: points, and a smoothed line.

    Args:
        lines: of `metrics.jsonl`.
        title, notice: as in `finish`.
        groups: the name of each member's group. The mean of each group is drawn, with a band from the minimum to the
            maximum over its members, instead of a line for each member. Groups without a colour are grey.
        units: the unit of each member's recon and KL; each unit has its own axes.
        unranked: why the losses of different members don't compare though they have one unit, or ''.
    """
    names = list(dict.fromkeys(groups.values())) if groups else []
    kinds = list(dict.fromkeys(units.values())) if units else []
    figure = new_figure(5.6 * max(1, len(kinds)))
    parts = figure.subfigures(len(kinds), 1, squeeze=False).ravel() if len(kinds) > 1 else [figure]
    for k, part in enumerate(parts):
        mine = [line for line in lines if len(parts) == 1 or (units or {}).get(line["member"]) == kinds[k]]
        _draw_panels(part, mine, groups, unranked)
        if len(parts) > 1:
            part.suptitle(kinds[k], fontsize=9, color=INK, x=0.01, ha="left", wrap=True)
    if len(names) > 1:
        named: list[Named] = [(Line2D([], [], color=_shade(k)), name) for k, name in enumerate(names[: len(COLOURS)])]
        if rest := len(names) - len(named):
            named.append((Line2D([], [], color=OTHERS), f"{rest:,} others"))
        legend(figure, named, loc="outside right center", fontsize=7.5)
    return finish(figure, title, notice)


def _draw_panels(
    figure: FigureBase, lines: Sequence[dict[str, Any]], groups: Mapping[int, str] | None, unranked: str
) -> None:
    logged = lines
    for (name, label), axes in zip(PANELS, figure.subplots(2, 2, sharex=True).ravel(), strict=True):
        lines = [line for line in logged if name in line]  # some objectives lack some of them
        plain(axes, "epoch" if name in ("loss", "beta_kl") else "", label)
        if groups is None:
            _member_curves(axes, lines, name)
        else:
            _group_curves(axes, lines, name, groups)
        if name == "recon":
            _log_if_positive(axes, [line[name] for line in lines if math.isfinite(line[name])])
        if name == "beta_kl":
            axes.set_ylim(0, 1.08 * max((line[name] for line in lines), default=0) or 1)
        else:
            _widen_if_constant(axes)
        if name == "recon" and groups is None:
            (train,) = axes.plot([], [], ".", color=COLOURS[0])
            named: list[Named] = [(train, "train")]
            for split in [each for each in HELD_OUT if each == "test" or any(line["split"] == each for line in lines)]:
                (held,) = axes.plot([], [], HELD_OUT[split], color=COLOURS[0], markerfacecolor="white", markersize=4.5)
                named.append((held, split))
            legend(axes, named, fontsize=8)
        if name == "loss" and unranked:
            axes.set_title(unranked, fontsize=8, loc="left", color=MUTED)


def _shade(group: int) -> str:
    """Return the colour of a group; grey if there are no more colours."""
    return COLOURS[group] if group < len(COLOURS) else OTHERS


def _member_curves(axes: Axes, lines: Sequence[dict[str, Any]], name: str) -> None:
    for member in sorted({line["member"] for line in lines}):
        mine = [line for line in lines if line["member"] == member]
        for split in ("train", *(HELD_OUT if name != "beta_kl" else ())):
            _curve(axes, [line for line in mine if line["split"] == split], name, colour(member), HELD_OUT.get(split))


def _group_curves(axes: Axes, lines: Sequence[dict[str, Any]], name: str, groups: Mapping[int, str]) -> None:
    for k, group in enumerate(dict.fromkeys(groups.values())):
        style: dict[str, Any] = {"color": _shade(k), "zorder": 2 if k < len(COLOURS) else 1.5}  # grey lines below
        at: dict[float, list[float]] = {}
        for line in lines:
            if line["split"] == "train" and groups.get(line["member"]) == group and math.isfinite(line[name]):
                at.setdefault(line["epoch"], []).append(line[name])
        epochs = sorted(at)
        mean = np.array([np.mean(at[epoch]) for epoch in epochs], float)
        if name != "beta_kl":  # the line is smoothed, so show the points too
            axes.plot(epochs, mean, ".", markersize=3, alpha=0.35, **style)
        axes.plot(epochs, smoothed(mean) if name != "beta_kl" else mean, linewidth=1.4, **style)
        if any(len(values) > 1 for values in at.values()):
            low, high = ([pick(at[epoch]) for epoch in epochs] for pick in (min, max))
            axes.fill_between(epochs, low, high, color=_shade(k), alpha=0.2, linewidth=0)


def _log_if_positive(axes: Axes, values: Sequence[float]) -> None:
    """Give y a log scale if all values are positive, with labelled minor ticks if their range is small."""
    if not values or min(values) <= 0:
        return
    close = max(values) < 4 * min(values)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:.6g}" if close else "")


def _widen_if_constant(axes: Axes) -> None:
    """Widen the y axis of a constant, whose rounding errors would fill the axis."""
    low, high = axes.get_ylim()
    if 0 < high - low < 1e-4 * max(abs(low), abs(high)):
        middle, tenth = (low + high) / 2, abs(low + high) / 20
        axes.set_ylim(middle - tenth, middle + tenth)


def _curve(axes: Axes, lines: Sequence[dict[str, Any]], name: str, inked: str, marker: str | None) -> None:
    epochs = np.array([line["epoch"] for line in lines], float)
    values = np.array([line[name] for line in lines], float)
    if marker:
        axes.plot(epochs, values, marker, color=inked, markerfacecolor="white", markersize=4.5, zorder=3)
    else:
        axes.plot(epochs, values, ".", color=inked, markersize=3.5, alpha=0.45)
        axes.plot(epochs, smoothed(values) if name != "beta_kl" else values, color=inked, linewidth=1.4)


@own_settings()
def loss_histogram(member: MemberArrays) -> Figure:
    """A histogram of the reconstruction losses of the test images, by class, with counts on a log axis."""
    figure = new_figure(3.9, 7.6)
    axes = plain(figure.subplots(), member.loss_unit, "test images")
    classes = histogram(axes, member.losses, member.test_labels, member.class_names)
    legend(axes, classes, fontsize=8)
    return finish(figure, member.title, member.notice)


def histogram(
    axes: Axes, losses: Float[np.ndarray, " n"], labels: Int[np.ndarray, " n"], class_names: Sequence[str]
) -> list[Named]:
    """Draw a histogram of the losses of images, counts on a log axis, by class if there are at most four.

    Returns:
        the classes for a legend, if there are several.
    """
    named: list[Named] = []
    losses = losses.astype(np.float64)  # float32 can be too coarse for 25 bins
    edges = np.histogram_bin_edges(losses, bins=25).tolist()
    classes = np.unique(labels).tolist()
    if len(classes) > 4:
        axes.hist(losses, edges, color=COLOURS[0], alpha=0.8)
    else:
        style: dict[str, Any] = {"histtype": "stepfilled", "alpha": 0.45, "linewidth": 1.2}
        for label in classes:
            of_class = losses[labels == label]
            *_, bars = axes.hist(of_class, edges, color=colour(label), edgecolor=colour(label), **style)
            named.append((bars[0], class_names[label]))  # type: ignore[index]
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter())
    axes.yaxis.set_minor_formatter(LogFormatter())
    axes.set_ylim(bottom=0.7)
    return named if len(named) > 1 else []
