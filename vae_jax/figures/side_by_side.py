"""Members of a sweep side by side: their reconstructions of the same images, and their latent spaces."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.figures.canvas import INK, WIDTH, finish, magnification, new_figure, plain, scatter_classes, show, tile
from vae_jax.figures.images import spread_over_classes
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import short

STRIP = 14  # images
MOST_LETTERS = 28  # of a setting


@own_settings()
def strips(members: Sequence[MemberArrays], notice: str) -> Figure | None:
    """The same test images and their reconstructions: a row for each member."""
    if len(members) < 2:
        return None
    sheets, labels = [], []
    for alike in _by_images(members):
        chosen = spread_over_classes(alike[0], STRIP)
        width = alike[0].test_images.shape[2]
        rows = [alike[0].test_images[chosen], *(member.reconstructions[chosen] for member in alike)]
        sheets += [tile(row, len(chosen), 2, magnification(width, len(chosen))) for row in rows]
        labels += ["test images", *map(_short, alike)]
    height = 0.72 * WIDTH * max(sheet.shape[0] / sheet.shape[1] for sheet in sheets)
    figure = new_figure(len(sheets) * (height + 0.05) + 0.5)
    for axes, sheet, label in zip(figure.subplots(len(sheets), 1), sheets, labels, strict=True):
        show(axes, sheet)
        axes.text(-0.01, 0.5, label, transform=axes.transAxes, ha="right", va="center", fontsize=7.5, color=INK)
    return finish(figure, "reconstructions from z = mu, a row for each member", notice)


def _by_images(members: Sequence[MemberArrays]) -> list[list[MemberArrays]]:
    """Group members with the same test images."""
    groups: list[list[MemberArrays]] = []
    for member in members:
        for group in groups:
            if np.array_equal(group[0].test_images, member.test_images):
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


@own_settings()
def latent_spaces(members: Sequence[MemberArrays], notice: str) -> Figure | None:
    """The test images' codes, for each member with two latent units."""
    shown = [member for member in members if member.mu.shape[1] == 2]
    if len(shown) < 2:
        return None
    columns = 3 if len(shown) in (5, 6, 9) else min(4, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(rows * 2.55 + 0.5, 1.2 * WIDTH)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, (axes, member) in enumerate(zip(panels, shown, strict=False)):
        last_in_row = k % columns == columns - 1 or k == len(shown) - 1
        scatter_classes(plain(axes), member.mu, member.test_labels, member.class_names, bar=last_in_row)
        words = _short(member).split("\n")
        title = "\n".join(", ".join(words[k : k + 3]) for k in range(0, len(words), 3))
        axes.set_title(title, fontsize=8, loc="left", color=INK)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    return finish(figure, "latent spaces of two units, each panel to its own scale", notice)


def _short(member: MemberArrays) -> str:
    """Return the member's settings, one on each line, without the name of the data."""
    return "\n".join(short(word, MOST_LETTERS) for word in member.title.split(" · ")[1:])


# A figure of several members: a caption, and a function that returns None if the figure does not apply.
MEMBER_FIGURES: dict[str, tuple[str, Callable[[Sequence[MemberArrays], str], Figure | None]]] = {
    "sweep_reconstructions": ("The same test images, reconstructed by each member.", strips),
    "sweep_latent_spaces": ("The latent spaces of the sweep's members.", latent_spaces),
}
