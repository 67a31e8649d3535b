"""Curves from any table: a panel for a pair of columns, a line for each group, and error bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, StrMethodFormatter

from vae_jax.config.values import shown
from vae_jax.figures.canvas import INK, WIDTH, colour, finish, log_scale, name_ticks, new_figure, plain
from vae_jax.figures.legends import Named, legend
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.sweep_table import is_number
from vae_jax.figures.text import short

Row = Mapping[str, Any]

MOST_INSIDE = 6  # lines whose legend fits inside the axes
MOST_MARKED = 12  # points of a line that have markers; categories have no line, and always markers


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        rows: of a table; those that lack `x`, `y` or `error` are left out.
        x, y: columns; values of `x` that are not numbers are categories, in the order of the rows.
        by: the column whose values have a line each, or '' for one line.
        title: above the panel.
        labels: axis labels that replace names of columns.
        log: axes on a log scale, such as 'x' or 'xy'.
        error: the column of the error bars, or '' for the standard deviation over rows.
    """

    rows: Sequence[Row]
    x: str
    y: str
    by: str = ""
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    error: str = ""


@own_settings()
def panels(
    shown: Sequence[Panel], title: str, columns: int = 2, notice: str = "", *, one_scale: bool = False
) -> Figure:
    """Draw panels in rows of `columns`; panels with lines of the same names share a legend.

    Args:
        shown: the panels.
        title: above the figure.
        columns: panels in a row.
        notice: a line that every figure of the data must carry, or ''.
        one_scale: whether panels in one column have the same range of y.
    """
    rows = -(-len(shown) // columns)
    figure = new_figure(2.9 * rows + 0.4, max(7.6, WIDTH if columns > 1 else 0))
    cells = figure.subplots(rows, columns, squeeze=False, sharey="col" if one_scale else False).ravel()
    named: set[tuple[str, ...]] = set()
    for axes, panel in zip(cells, shown, strict=False):
        lines = _draw(plain(axes, panel.labels.get(panel.x, panel.x), panel.labels.get(panel.y, panel.y)), panel)
        axes.set_title(panel.title, fontsize=9, loc="left", color=INK)
        names = tuple(name for _, name in lines)
        if names and names not in named:
            beside: dict[str, Any] = (
                {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(names) > MOST_INSIDE else {}
            )
            legend(axes, lines, fontsize=7.5, **beside)
            named.add(names)
    for axes in cells[len(shown) :]:
        axes.set_axis_off()
    return finish(figure, title, notice)


def _draw(axes: Any, panel: Panel) -> list[Named]:
    """Draw a panel; return the lines that have names."""
    named: list[Named] = []
    needed = [name for name in (panel.x, panel.y, panel.error) if name]
    rows = [row for row in panel.rows if all(row.get(name) is not None for name in needed)]
    places = list(dict.fromkeys(row[panel.x] for row in rows))
    numeric = all(map(is_number, places))
    if numeric:
        places.sort()
    groups = list(dict.fromkeys(row[panel.by] for row in rows) if panel.by else [None])
    for k, (group, shade) in enumerate(zip(groups, _names(groups), strict=True)):
        mine = [row for row in rows if not panel.by or row[panel.by] == group]
        spots = [(place, [row for row in mine if row[panel.x] == place]) for place in places]
        spots = [(place, there) for place, there in spots if there]
        x = [place if numeric else places.index(place) for place, _ in spots]
        mean = [np.mean([row[panel.y] for row in there]) for _, there in spots]
        spread = [
            np.mean([row[panel.error] for row in there]) if panel.error else np.std([row[panel.y] for row in there])
            for _, there in spots
        ]
        label = f"{panel.labels.get(panel.by, panel.by)} {shade}" if panel.by and is_number(group) else shade
        marked = not numeric or len(places) <= MOST_MARKED
        marks: dict[str, Any] = {"markersize": 4.5 if marked else 0, "linewidth": 1.4, "capsize": 2}
        bars = spread if any(spread) and marked else None
        line = axes.errorbar(x, mean, bars, fmt="-o" if numeric else "o", color=colour(k), **marks)
        if panel.by:
            named.append((line, label))
    if "x" in panel.log:
        log_scale(axes, "x")
        _name_steps(axes.xaxis)
    if "y" in panel.log:
        log_scale(axes, "y")
    names = _names(places)
    if not numeric or len(places) <= 8:
        name_ticks(axes, places if numeric else range(len(places)), names, slant=not numeric)
        axes.minorticks_off()
    return named


def _name_steps(axis: Any) -> None:
    """Label 1, 2 and 5 times the powers of ten if the axis has less than two decades."""
    low, high = axis.get_view_interval()
    axis.set_minor_formatter(NullFormatter())
    if low > 0 and high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(EngFormatter(sep="") if high >= 1e4 else StrMethodFormatter("{x:g}"))


def _names(values: Sequence[Any]) -> list[str]:
    """Write values with six digits if they then differ, else with all digits."""
    brief = [f"{value:g}" if is_number(value) else _name(value) for value in values]
    return brief if len(set(brief)) == len(values) else list(map(_name, values))


def _name(value: Any) -> str:
    return short(shown(value))
