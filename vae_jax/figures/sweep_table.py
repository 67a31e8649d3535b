"""Figures of a whole sweep: its members' test metrics by the swept fields."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from vae_jax.config.values import shown
from vae_jax.figures.canvas import INK, MUTED, WIDTH, colour, finish, log_scale, name_ticks, new_figure, plain
from vae_jax.figures.legends import Named, legend
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import short

METRICS = (("elbo", "test ELBO"), ("distortion", "distortion"), ("rate", "rate"))
MOST_LINES = 10
# In fractions of the axes' size: the free space around a marker, the gap from it to its label, the size of a letter.
CLEAR, GAP, GLYPH = np.array([0.003, 0.02]), np.array([0.01, 0.012]), np.array([0.0095, 0.034])
CORNERS = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # positions of a label: right or left, above or below


@dataclass(frozen=True)
class SweepTable:
    """The members that did not fail.

    Attributes:
        title: the sweep in a few words.
        notice: a line that every figure must carry, or ''.
        swept: the short names of the swept fields.
        values: a dict for each member, of its seed, beta_kl, latent_dim and all other swept fields.
        metrics: a dict for each member, of its last test metrics.
        group: what these members have in common, if other members of the sweep don't compare with them, else ''.
    """

    title: str
    notice: str
    swept: tuple[str, ...]
    values: tuple[dict[str, Any], ...]
    metrics: tuple[dict[str, float], ...]
    group: str = ""

    def settings(self) -> list[str]:
        """Return the swept fields except the seed."""
        return [name for name in self.swept if name != "seed"]

    def varied(self) -> list[str]:
        """Return the settings with several values."""
        return [name for name in self.settings() if len(self.levels(name)) > 1]

    def levels(self, name: str) -> list[Any]:
        """Return the values of a field, sorted."""
        found = {repr(values[name]): values[name] for values in self.values}
        return sorted(
            found.values(), key=lambda value: (not is_number(value), value if is_number(value) else str(value))
        )

    def spread(self, metric: str, **where: Any) -> tuple[float, float]:
        """Return the mean and standard deviation of a metric over the members with these values; NaN if none has."""
        found = [
            metrics[metric]
            for values, metrics in zip(self.values, self.metrics, strict=True)
            if all(values[name] == value for name, value in where.items())
        ]
        return (float(np.mean(found)), float(np.std(found))) if found else (math.nan, math.nan)

    def lines(self, *, but: str) -> tuple[list[dict[str, Any]], int]:
        """Return the combinations of all settings but one, which have a line each, and the number not drawn."""
        names = [name for name in self.settings() if name != but]
        found = {repr(line): line for line in ({name: values[name] for name in names} for values in self.values)}
        ordered = sorted(found.values(), key=lambda line: [self.levels(name).index(line[name]) for name in names])
        return ordered[:MOST_LINES], len(ordered[MOST_LINES:])


def is_number(value: Any) -> bool:
    """Return whether a value can be placed on a numeric axis."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def words(line: dict[str, Any]) -> str:
    """Write settings as `name value, name value`."""
    return ", ".join(f"{name} {shown(value)}" for name, value in line.items())


def _stacked(
    tables: Sequence[SweepTable],
    size_of: Callable[[SweepTable], tuple[float, float] | None],
    draw: Callable[[SweepTable, FigureBase], None],
) -> Figure | None:
    """Draw the tables one below the other, as numbers of different groups must not share an axis.

    Args:
        tables: the groups within which members compare.
        size_of: returns height and width in inches, or None if there is nothing to draw.
        draw: draws a table.
    """
    sizes = [(table, size) for table in tables if (size := size_of(table)) is not None]
    if not sizes:
        return None
    heights = [height for _, (height, _) in sizes]
    figure = new_figure(sum(heights), max(width for _, (_, width) in sizes))
    if len(tables) == 1:
        draw(tables[0], figure)
    else:
        parts = figure.subfigures(len(sizes), 1, height_ratios=heights, squeeze=False).ravel()
        for part, (table, _) in zip(parts, sizes, strict=True):
            draw(table, part)
            part.suptitle(table.group, fontsize=9, color=INK, x=0.01, ha="left", wrap=True)
    return finish(figure, tables[0].title, tables[0].notice)


@own_settings()
def rate_distortion(*tables: SweepTable) -> Figure | None:
    """Distortion against rate: a line for each setting except beta_kl, error bars of one standard deviation."""
    return _stacked(tables, lambda table: (4.8, 7.6) if len(table.values) > 1 else None, _draw_rate_distortion)


def _draw_rate_distortion(table: SweepTable, figure: FigureBase) -> None:
    axes = plain(figure.subplots(), "rate: KL, nats per image", "distortion: recon, nats per image")
    labels: list[tuple[float, float, str, str]] = []
    named: list[Named] = []
    lines, left_out = table.lines(but="beta_kl")
    for k, line in enumerate(lines):
        spots = [{**line, "beta_kl": beta_kl} for beta_kl in table.levels("beta_kl")]
        rate, distortion = (
            np.array([table.spread(metric, **spot) for spot in spots]) for metric in ("rate", "distortion")
        )
        named.append((_errorbar(axes, rate[:, 0], distortion[:, 0], k, distortion[:, 1], rate[:, 1]), words(line)))
        labels += [
            (x, y, shown(spot["beta_kl"]), colour(k))
            for spot, x, y in zip(spots, rate[:, 0], distortion[:, 0], strict=True)
            if math.isfinite(x)
        ]
    if len(table.levels("beta_kl")) > 1:
        _annotate(axes, labels)
        axes.set_title("small numbers: beta_KL", fontsize=8, loc="left", color=MUTED)
    legend(axes, [(line, name) for line, name in named if name], not_drawn=left_out, fontsize=8, loc="best")


def _annotate(axes: Axes, labels: Sequence[tuple[float, float, str, str]]) -> None:
    """Write coloured labels next to points x, y of the data, without overlapping other points or labels.

    A label is put at the first free corner of its point; if no corner is free, it is left out.
    """
    axes.autoscale_view()
    to_shares = axes.transScale + axes.transLimits
    points = [to_shares.transform((x, y)) for x, y, _, _ in labels]
    marks = [(point - CLEAR, point + CLEAR) for point in points]
    written: list[tuple[np.ndarray, np.ndarray]] = []
    for k, (point, (x, y, label, shade)) in enumerate(zip(points, labels, strict=True)):
        taken = [*marks[:k], *marks[k + 1 :], *written]
        for right, up in CORNERS:
            corner = np.array([right, up])
            near, far = point + GAP * corner, point + (GAP + GLYPH * (len(label), 1)) * corner
            low, high = np.minimum(near, far), np.maximum(near, far)
            if all((low > above).any() or (high < below).any() for below, above in taken):
                how: dict[str, Any] = {"ha": "left" if right > 0 else "right", "va": "bottom" if up > 0 else "top"}
                offset = (5 * right, 4 * up)
                axes.annotate(label, (x, y), offset, textcoords="offset points", fontsize=7, color=shade, **how)
                written.append((low, high))
                break


def _errorbar(
    axes: Axes, x: np.ndarray, y: np.ndarray, k: int, over_y: np.ndarray, over_x: np.ndarray | None = None
) -> Any:
    style: dict[str, Any] = {"color": colour(k), "linewidth": 1.4, "markersize": 5, "capsize": 2, "elinewidth": 1}
    return axes.errorbar(x, y, over_y, over_x, "-o", **style)


@own_settings()
def metrics_by_field(*tables: SweepTable) -> Figure | None:
    """Each metric against each swept setting, with means and error bars over seeds."""

    def size_of(table: SweepTable) -> tuple[float, float] | None:
        names = table.varied()
        return (2.7 * len(names) + 0.4, 1.2 * WIDTH) if names else None

    return _stacked(tables, size_of, _draw_metrics_by_field)


def _draw_metrics_by_field(table: SweepTable, figure: FigureBase) -> None:
    names = table.varied()
    panels = figure.subplots(len(names), len(METRICS), squeeze=False)
    for row, name in zip(panels, names, strict=True):
        levels = table.levels(name)
        lines, left_out = table.lines(but=name)
        for axes, (metric, label) in zip(row, METRICS, strict=True):
            places = _places(plain(axes, name, f"{label}, nats per image"), levels)
            named: list[Named] = []
            for k, line in enumerate(lines):
                means = np.array([table.spread(metric, **line, **{name: level}) for level in levels])
                named.append((_errorbar(axes, places, means[:, 0], k, means[:, 1]), words(line)))
        if len(lines) > 1:
            beside: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
            legend(row[-1], named, not_drawn=left_out, fontsize=7, **beside)


def _places(axes: Axes, levels: Sequence[Any]) -> np.ndarray:
    """Return the x positions of values: on a numeric axis if that separates them, else evenly spaced."""
    numbers = [float(level) for level in levels] if all(map(is_number, levels)) else []
    if numbers and min(numbers) > 0 and max(numbers) >= 8 * min(numbers):
        log_scale(axes, "x")
    elif not numbers or (min(numbers) >= 0 and max(numbers) > 8 * sorted(numbers)[1]):
        numbers = []
    places = np.array(numbers or range(len(levels)), float)
    if len(levels) <= 8:
        name_ticks(axes, places, _names(levels))
        axes.minorticks_off()
    return places


def _names(levels: Sequence[Any]) -> list[str]:
    return [short(shown(level)) for level in levels]


@own_settings()
def heat_map(*tables: SweepTable) -> Figure | None:
    """The metrics over the two settings with the most values, as means over all others."""

    def size_of(table: SweepTable) -> tuple[float, float] | None:
        names = _most_varied(table)
        return (1.5 + 0.42 * len(table.levels(names[1])), 1.2 * WIDTH) if len(names) == 2 else None

    return _stacked(tables, size_of, _draw_heat_map)


def _most_varied(table: SweepTable) -> list[str]:
    return sorted(table.varied(), key=lambda name: -len(table.levels(name)))[:2]


def _draw_heat_map(table: SweepTable, figure: FigureBase) -> None:
    across, down = _most_varied(table)
    columns, rows = table.levels(across), table.levels(down)
    for axes, (metric, label) in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
        means = np.array([[table.spread(metric, **{across: a, down: d})[0] for a in columns] for d in rows])
        picture = axes.imshow(means, cmap="viridis", aspect="auto")
        plain(axes, across, down).set_title(f"{label}, nats per image", fontsize=9, loc="left", color=INK)
        name_ticks(axes, range(len(columns)), _names(columns))
        axes.set_yticks(range(len(rows)), _names(rows))
        if means.size <= 60:
            for (row, column), mean in np.ndenumerate(means):
                red, green, blue, _ = picture.cmap(picture.norm(mean))
                ink = INK if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"
                if math.isfinite(mean):
                    axes.text(column, row, f"{mean:.4g}", ha="center", va="center", fontsize=7, color=ink)


# A figure of a sweep's tables, one for each group of members that compare: a caption, and a function that returns None
# if the figure does not apply.
TABLE_FIGURES: dict[str, tuple[str, Callable[..., Figure | None]]] = {
    "rate_distortion": ("Distortion against rate on the test images.", rate_distortion),
    "metrics_by_field": ("The test metrics against each swept field.", metrics_by_field),
    "heat_map": ("The test metrics against two of the swept fields.", heat_map),
}
