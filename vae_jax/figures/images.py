"""Figures made of images: reconstructions, sheets, samples, morphs, best and worst."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.figures.canvas import INK, Images, finish, height_of, magnification, new_figure, show, tile
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import short

COLUMNS = 12
SAMPLER_WORDS = {"gaussian_mixture": "a mixture of normals"}


def spread_over_classes(member: MemberArrays, count: int) -> np.ndarray:
    """Return the indices of `count` test images, the classes in turn."""
    groups = [np.flatnonzero(member.test_labels == label) for label in np.unique(member.test_labels)]
    turns = [group[k] for k in range(count) for group in groups if k < len(group)]
    return np.array(turns[:count])


@own_settings()
def reconstructions(member: MemberArrays) -> Figure:
    """Test images above their reconstructions."""
    chosen = spread_over_classes(member, 2 * COLUMNS)
    bands = [chosen[k : k + COLUMNS] for k in range(0, len(chosen), COLUMNS)]
    sheets = [_with_reconstructions(member, band, COLUMNS) for band in bands]
    figure = new_figure(sum(height_of(sheet) + 0.3 for sheet in sheets) + 0.4)
    for k, (axes, sheet) in enumerate(zip(figure.subplots(len(sheets), 1, squeeze=False)[:, 0], sheets, strict=True)):
        show(axes, sheet, "test images, each above its reconstruction" if not k else "")
    return finish(figure, member.title, member.notice)


def _with_reconstructions(member: MemberArrays, chosen: np.ndarray, columns: int) -> UInt8[np.ndarray, "rows across 3"]:
    """Return a sheet of test images, each above its reconstruction."""
    images = _rows(columns, member.test_images[chosen], member.reconstructions[chosen])
    return tile(images, columns, 2, magnification(images.shape[2], columns))


def _rows(columns: int, *rows: Images) -> UInt8[np.ndarray, "cells height width channels"]:
    """Join rows, each filled up with white images."""
    missing = np.full((columns - len(rows[0]), *rows[0].shape[1:]), 255, np.uint8)
    return np.concatenate([part for row in rows for part in (row, missing)])


@own_settings()
def class_sheets(member: MemberArrays) -> Figure:
    """Training images of each class, or of some of many classes: one band each."""
    classes, count = len(member.class_names), len(member.sheet_labels)
    rows = 2 if count <= 3 else 1
    columns = 10 if rows == 2 else 16
    height, width = member.class_sheets.shape[2:4]
    images = np.concatenate([_rows(columns * rows, sheet[: columns * rows]) for sheet in member.class_sheets])
    scale = magnification(width, columns)
    sheet = tile(images, columns, 2, scale)
    figure = new_figure(height_of(sheet) + 0.7)
    axes = figure.subplots()
    show(axes, sheet, "training images" if count == classes else f"training images of {count} of {classes:,} classes")
    band = rows * (height * scale + 2)
    for k, label in enumerate(member.sheet_labels.tolist()):
        name = short(member.class_names[label])
        axes.text(-6, (k + 0.5) * band, name, fontsize=8, color=INK, ha="right", va="center")
    return finish(figure, member.title, member.notice)


@own_settings()
def samples(member: MemberArrays) -> Figure:
    """Images decoded from the sampler that is fitted to the codes, if there is one, and from the prior."""
    condition = ", conditioned on the classes in turn" if member.told_classes else ""
    parts = {f"decoded from samples of {sampler_words('prior', 0)}{condition}": member.samples}
    if member.fitted_samples is not None:
        words = f"decoded from samples of {sampler_words(member.sampler, member.sampler_codes)}{condition}"
        parts = {words: member.fitted_samples, **parts}
    return sheets_of(parts, member.title, member.notice)


def sampler_words(name: str, codes: int) -> str:
    """Describe a sampler that was fitted to so many codes; 0 for the prior."""
    if not codes:
        return "the prior"
    return f"{SAMPLER_WORDS.get(name, f'the sampler {name}')}, fitted to {codes:,} training codes"


@own_settings()
def sheets_of(parts: Mapping[str, Images], title: str, notice: str) -> Figure:
    """Images in sheets, one below the other, by the words above each."""
    columns = 12 if next(iter(parts.values())).shape[2] >= 20 else 15
    sheets = [tile(images, columns, 2, magnification(images.shape[2], columns)) for images in parts.values()]
    figure = new_figure(sum(height_of(sheet) + 0.35 for sheet in sheets) + 0.35)
    for axes, sheet, words in zip(figure.subplots(len(sheets), 1, squeeze=False)[:, 0], sheets, parts, strict=True):
        show(axes, sheet, words)
    return finish(figure, title, notice)


@own_settings()
def morphs(member: MemberArrays) -> Figure:
    """Morphs from one test image to another of a different class, with the originals at both ends."""
    steps = member.morph_images.shape[1]
    frames = np.linspace(0, steps - 1, min(11, steps)).round().astype(int)
    gap = 2
    strips = []
    for start, end, images in zip(member.morph_starts, member.morph_ends, member.morph_images, strict=True):
        originals = member.test_images[[start, end]]
        strips += [originals[:1], images[frames], originals[1:]]
    columns = len(frames) + 2
    width = member.test_images.shape[2]
    scale = magnification(width, columns)
    sheet = tile(np.concatenate(strips), columns, gap * scale, scale)
    cell = (width + gap) * scale
    blank = np.full((len(sheet), 3 * scale, 3), 255, np.uint8)  # separates the originals from the decoded images
    sheet = np.concatenate(
        [sheet[:, : cell - gap * scale], blank, sheet[:, cell - gap * scale : -cell], blank, sheet[:, -cell:]], axis=1
    )
    figure = new_figure(height_of(sheet) + 0.75)
    axes = figure.subplots()
    show(axes, sheet)
    side: dict[str, Any] = {"fontsize": 8, "color": INK, "transform": axes.transAxes, "va": "bottom"}
    axes.text(0.0, 1.005, "original", ha="left", **side)
    classes = " and their classes" if member.told_classes else ""
    axes.text(0.5, 1.005, f"decoded on the straight line between them{classes}", ha="center", **side)
    axes.text(1.0, 1.005, "original", ha="right", **side)
    return finish(figure, member.title, member.notice)


@own_settings()
def best_and_worst(member: MemberArrays) -> Figure:
    """The test images with the best and the worst reconstructions, originals above."""
    order = np.argsort(member.losses)
    columns = 15
    count = min(columns, len(order))
    parts = {"best": order[:count], "worst": order[::-1][:count]}
    sheets = [_with_reconstructions(member, chosen, columns) for chosen in parts.values()]
    figure = new_figure(sum(height_of(sheet) + 0.5 for sheet in sheets) + 0.4)
    for axes, sheet, (name, chosen) in zip(figure.subplots(2, 1), sheets, parts.items(), strict=True):
        show(axes, sheet, f"the {count} {name}, in {member.loss_unit} (originals above)")
        cell = sheet.shape[1] / columns
        for k, loss in enumerate(member.losses[chosen].tolist()):
            label = f"{loss:,.0f}" if abs(loss) >= 100 else f"{loss:.3g}"
            axes.text((k + 0.5) * cell, len(sheet) + 2, label, fontsize=7, ha="center", va="top")
    return finish(figure, member.title, member.notice)
