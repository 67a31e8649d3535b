"""Figures of the latent space: codes of images, paths, grids and principal components."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.figures.canvas import (
    COLOURS,
    INK,
    WIDTH,
    finish,
    height_of,
    magnification,
    new_figure,
    plain,
    scatter_classes,
    show,
    tile,
)
from vae_jax.figures.matplotlib_settings import own_settings

SEAMLESS = 16  # images of at least this many pixels have no gaps on a grid


def axis_names(latent_dim: int) -> tuple[str, str]:
    """Return the axis labels of the widest plane of a latent space."""
    if latent_dim > 2:
        return "first principal component", "second principal component"
    return "z1", "z2" if latent_dim == 2 else ""


@own_settings()
def latent_space(member: MemberArrays) -> Figure:
    """Posterior means of the test images in the first two latent dimensions."""
    points = np.pad(member.mu, ((0, 0), (0, 1)))[:, :2]  # a single unit has a second coordinate of 0
    figure = new_figure(6.6, 7.6)
    names = ("z1", "z2" if member.mu.shape[1] > 1 else "")
    scatter_classes(plain(figure.subplots(), *names), points, member.test_labels, member.class_names)
    return finish(figure, member.title, member.notice)


@own_settings()
def path(member: MemberArrays) -> Figure:
    """A straight line in the latent space, and the images decoded along it."""
    steps = len(member.path_images)
    columns = -(-steps // 2) if member.path_images.shape[2] > 12 else steps
    strip = tile(member.path_images, columns, 2, magnification(member.path_images.shape[2], columns))
    strip_height = height_of(strip)
    figure = new_figure(5.2 + strip_height)
    above, below = figure.subplots(2, 1, height_ratios=[4.6, strip_height])
    _scatter_plane(member, above)
    points = member.plane.coordinates(member.path_points)
    above.plot(points[:, 0], points[:, 1], "-o", color=INK, markersize=3.5, linewidth=1.2, markerfacecolor="white")
    above.plot(*points[0], "o", color=INK, markersize=8)
    above.plot(*points[-1], "s", color=INK, markersize=8)
    condition = ", with its classes" if member.told_classes else ""
    show(below, strip, f"decoded along the line, {steps} steps from ● to ■{condition}")
    return finish(figure, member.title, member.notice)


def _scatter_plane(member: MemberArrays, axes: Axes) -> None:
    points, names = member.plane.coordinates(member.mu), axis_names(member.mu.shape[1])
    scatter_classes(plain(axes, *names), points, member.test_labels, member.class_names, alpha=0.4)


@own_settings()
def manifold(member: MemberArrays) -> Figure:
    """A square grid in the latent space, and the images decoded from it."""
    side = len(member.plane_points)
    images = member.plane_images.reshape(-1, *member.plane_images.shape[2:])
    figure = new_figure(4.9, 1.15 * WIDTH)
    left, right = figure.subplots(1, 2, width_ratios=[1.12, 1])
    _scatter_plane(member, left)
    grid = member.plane.coordinates(member.plane_points).reshape(-1, 2)
    left.plot(grid[:, 0], grid[:, 1], ".", color=INK, markersize=2.5)
    gap = 0 if min(images.shape[1:3]) >= SEAMLESS else 1
    condition = ", with equal weight on each class" if member.told_classes else ""
    show(right, tile(images, side, gap), f"decoded on the grid of {side} by {side}{condition}")
    return finish(figure, member.title, member.notice)


@own_settings()
def pca(member: MemberArrays) -> Figure | None:
    """Principal components of the posterior means; None if there are fewer than three."""
    components = len(member.pca_directions)
    if member.mu.shape[1] < 3 or components < 3:
        return None
    codes = (member.mu - member.mu.mean(axis=0)) @ member.pca_directions.T
    pairs = [(0, 1), (2, 3)] if components >= 4 else [(0, 1), (1, 2)]
    figure = new_figure(3.7, 1.25 * WIDTH)
    axes = figure.subplots(1, 3, width_ratios=[1, 1.2, 0.8])
    for k, ((a, b), panel) in enumerate(zip(pairs, axes[:2], strict=True)):
        plain(panel, f"component {a + 1}", f"component {b + 1}")
        scatter_classes(panel, codes[:, [a, b]], member.test_labels, member.class_names, bar=k == 1)
    shares = 100 * member.pca_explained[:20]
    plain(axes[2], "component", "% of the variance").bar(np.arange(1, len(shares) + 1), shares, color=COLOURS[0])
    axes[2].xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(figure, member.title, member.notice)
