"""Shared by all figures: sheets of images as one array, colours of classes, titles and notices."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from vae_jax.figures.legends import named_classes
from vae_jax.figures.text import TextCanvas, drawable

WIDTH = 9.0  # inches
DPI = 110
INK, MUTED, LINE = "#22262b", "#6b737c", "#d5dade"

# Ten colours, of which colour-blind readers can distinguish the first eight (after Okabe and Ito, and Tol).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e6a700", "#56b4e9", "#7a3b8f", "#8c6d31", "#4d4d4d", "#a5cf4c")
OTHERS = "#c3c9cf"  # of further classes and lines
LONGEST_WORD = 50  # letters in a title

Images = UInt8[np.ndarray, "n height width channels"]


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of that size in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained")
    TextCanvas(figure)
    return figure


def finish(figure: Figure, title: str, notice: str) -> Figure:
    """Write the title above the figure, and below it the notice that every figure of the data must carry."""
    wrapped: dict[str, Any] = {"wrap": True, "parse_math": False}
    figure.suptitle(_with_breaks(title), fontsize=9, color=MUTED, x=0.01, ha="left", **wrapped)
    if notice:
        figure.supxlabel(_with_breaks(notice), fontsize=7.5, color="#a33b00", **wrapped)
    return figure


def _with_breaks(text: str) -> str:
    """Break long words: matplotlib breaks lines between words only."""
    broken = re.sub(rf"\S{{{LONGEST_WORD}}}(?=\S)", "\\g<0>\n", drawable(text)[0])
    return broken if "\n" in broken else text


def tile(images: Images, columns: int, gap: int = 2, scale: int = 1) -> UInt8[np.ndarray, "rows across 3"]:
    """Arrange images in rows on white, as one array.

    Args:
        images: grey (1 channel) or colour (3).
        columns: images in a row.
        gap: white pixels between them.
        scale: enlargement by repeating pixels.
    """
    n, height, width, _ = images.shape
    images = np.broadcast_to(images, (*images.shape[:3], 3)).repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = height * scale, width * scale
    rows = -(-n // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def magnification(width: int, columns: int) -> int:
    """Return the enlargement with which a row of images fills a figure's width, nearly without resampling."""
    return max(1, round(WIDTH * DPI / (columns * width)))


def height_of(sheet: UInt8[np.ndarray, "rows across 3"]) -> float:
    """Return the height in inches of a sheet that is as wide as a figure."""
    return float(WIDTH * sheet.shape[0] / sheet.shape[1])


def show(axes: Axes, sheet: UInt8[np.ndarray, "rows across 3"], title: str = "") -> None:
    """Show a sheet without axes."""
    axes.imshow(sheet, interpolation="antialiased")
    axes.set_axis_off()
    if title:
        axes.set_title(title, fontsize=9, loc="left", color=INK)


def plain(axes: Axes, x: str = "", y: str = "") -> Axes:
    """Set the labels of axes and style their frame."""
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(which="both", labelsize=8, colors=MUTED)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    return axes


class _Powers(LogFormatter):
    """Tick labels of a log axis where matplotlib has them, without mathtext."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return a label such as 0.1 or 10⁻⁵, or ''."""
        label = super().__call__(x, pos)
        if not label or 1e-3 <= x < 1e5:
            return label and f"{x:g}"
        digits, power = f"{x:.0e}".split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{raised}" if digits == "1" else f"{digits}\N{MULTIPLICATION SIGN}10{raised}"


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Give x or y a log scale."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(_Powers())
    axis.set_minor_formatter(_Powers())


def name_ticks(axes: Axes, places: Sequence[float] | np.ndarray, names: Sequence[str], *, slant: bool = True) -> None:
    """Write names below the x axis, slanted if they are long."""
    axes.set_xticks(places, names)
    if slant and max(map(len, names), default=0) > 6:
        for label in axes.get_xticklabels():
            label.set(rotation=25, ha="right", rotation_mode="anchor")


def colour(k: int) -> str:
    """Return the colour of a class or a member; the colours repeat."""
    return COLOURS[k % len(COLOURS)]


def scatter_classes(
    axes: Axes,
    points: Float[np.ndarray, "n two"],
    labels: Int[np.ndarray, " n"],
    class_names: Sequence[str],
    *,
    bar: bool = True,
    alpha: float = 0.6,
) -> None:
    """Scatter points in the colours of their classes, with a colour bar that names them.

    If there are more classes than colours, the most frequent have a colour, and all others are grey.
    """
    places, names, others = named_classes(labels, class_names, len(COLOURS))
    count = len(names)
    colours = ListedColormap([*COLOURS[: count - 1], OTHERS] if others else COLOURS[:count])
    norm = BoundaryNorm(np.arange(count + 1) - 0.5, max(count, 1))
    size = 14 if len(points) < 1000 else 6 if len(points) < 4000 else 3
    order = np.random.default_rng(0).permutation(len(points))  # so that no class hides another
    if others:  # the grey ones first, below all others
        order = order[np.argsort(places[order] != count - 1, kind="stable")]
    axes.scatter(
        points[order, 0],
        points[order, 1],
        c=places[order],
        s=size,
        cmap=colours,
        norm=norm,
        alpha=alpha,
        linewidths=0,
        rasterized=True,
    )
    axes.set_aspect("equal", adjustable="datalim")
    if bar and count > 1 and axes.figure is not None:
        opaque = ScalarMappable(norm, colours)
        named = axes.figure.colorbar(opaque, ax=axes, ticks=np.arange(count), fraction=0.03, pad=0.02, aspect=30)
        named.ax.set_yticklabels(names, fontsize=8)
        named.ax.tick_params(length=0)
        named.outline.set_visible(False)
