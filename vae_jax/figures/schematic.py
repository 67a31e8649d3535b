"""The schematic of a VAE, with the numbers of units of a model."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Polygon

from vae_jax.evaluation.morphs import Morph, ReferenceSet
from vae_jax.figures.canvas import COLOURS, INK, MUTED, tile

WIDTH, HEIGHT = 15.0, 4.4  # of the drawing, in its own units
MIDDLE = 2.3
FACE = 2.0  # side of the images
ENCODER, DECODER, CODE = "#dcebf5", "#f7e3d3", "#dff1ea"


def draw_schematic(axes: Axes, morph: Morph, reference: ReferenceSet) -> None:
    """Draw the path of an image through the model: encoder, mu and sigma if the posterior has them, z, decoder.

    Args:
        axes: to draw on, without a frame.
        morph: its start is drawn on the left, its reconstruction on the right.
        reference: gives the number of units of each layer.
    """
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    axes.set_aspect("equal")
    latent = _units(reference.encoder_sizes[-1])
    _face(axes, morph.start, 0.1, reference.encoder_sizes[0])
    _funnel(axes, 2.8, 5.2, 2.2, 1.3, ENCODER, "encoder", reference.encoder_sizes[1:-1])
    arrows = [(2.15, 2.75), (8.7, 9.35), (11.85, WIDTH - FACE - 0.15)]
    sample = (
        "z = \N{GREEK SMALL LETTER MU} + \N{GREEK SMALL LETTER SIGMA} \N{GREEK SMALL LETTER EPSILON},  "
        "\N{GREEK SMALL LETTER EPSILON} ~ N(0, 1)"
    )
    if reference.posterior:
        sample = f"z ~ q(z|x): {reference.posterior}"
        arrows.append((5.25, 7.6))
    for level, name in (
        ()
        if reference.posterior
        else ((MIDDLE + 0.75, "\N{GREEK SMALL LETTER MU}"), (MIDDLE - 0.75, "\N{GREEK SMALL LETTER SIGMA}"))
    ):
        _box(axes, 5.9, level, name, latent)
        _arrow(axes, (5.25, MIDDLE + (level - MIDDLE) * 0.3), (5.85, level))
        _arrow(axes, (6.95, level), (7.6, MIDDLE + (level - MIDDLE) * 0.3))
    _box(axes, 7.65, MIDDLE, "z", latent)
    axes.text(
        8.15,
        0.55,
        sample,
        fontsize=8,
        color=MUTED,
        ha="center",
        style="italic",
    )
    _arrow(axes, (8.15, 0.95), (8.15, MIDDLE - 0.55))
    _funnel(axes, 9.4, 11.8, 1.3, 2.2, DECODER, "decoder", reference.decoder_sizes[1:-1])
    _face(axes, morph.remade, WIDTH - FACE - 0.1, reference.decoder_sizes[-1])
    for start, end in arrows:
        _arrow(axes, (start, MIDDLE), (end, MIDDLE))


def _units(size: int | str) -> str:
    return f"{size:,}" if isinstance(size, int) else size


def _face(axes: Axes, image: object, left: float, pixels: int | str) -> None:
    sheet = tile(image[None], 1)  # type: ignore[index]
    axes.imshow(sheet, extent=(left, left + FACE, MIDDLE - FACE / 2, MIDDLE + FACE / 2), interpolation="antialiased")
    axes.text(left + FACE / 2, MIDDLE - FACE / 2 - 0.2, _units(pixels), fontsize=8, color=MUTED, ha="center", va="top")


def _funnel(
    axes: Axes,
    left: float,
    right: float,
    before: float,
    after: float,
    filled: str,
    name: str,
    hidden: Sequence[int | str],
) -> None:
    """Draw a trapezium with heights `before` and `after`, a name, and the units of the hidden layers."""
    corners = [(left, MIDDLE - before / 2), (left, MIDDLE + before / 2)]
    corners += [(right, MIDDLE + after / 2), (right, MIDDLE - after / 2)]
    axes.add_patch(Polygon(corners, facecolor=filled, edgecolor=COLOURS[8], linewidth=0.8, joinstyle="round"))
    units = "\N{RIGHTWARDS ARROW}".join(map(_units, hidden))
    middle = (left + right) / 2
    axes.text(middle, MIDDLE + (0.2 if hidden else 0), name, fontsize=9, color=INK, ha="center", va="center")
    axes.text(
        middle, MIDDLE - 0.3, units, fontsize=7.5 if len(hidden) < 3 else 6, color=MUTED, ha="center", va="center"
    )


def _box(axes: Axes, left: float, level: float, name: str, units: str) -> None:
    shape = FancyBboxPatch((left + 0.1, level - 0.4), 0.8, 0.8, boxstyle="round,pad=0.1", linewidth=0.8)
    shape.set(facecolor=CODE, edgecolor=COLOURS[8])
    axes.add_patch(shape)
    axes.text(left + 0.5, level + 0.14, name, fontsize=11, color=INK, ha="center", va="center", style="italic")
    axes.text(left + 0.5, level - 0.3, units, fontsize=7, color=MUTED, ha="center", va="center")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)
