"""Shared by all figures: sheets, colours, titles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from picture_edges import beyond_the_edge

from vae_jax.figures.canvas import (
    COLOURS,
    DPI,
    WIDTH,
    colour,
    finish,
    magnification,
    new_figure,
    scatter_classes,
    show,
    tile,
)


@given(
    st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 4), st.sampled_from([1, 3])),
    st.integers(1, 8),
    st.integers(0, 3),
    st.integers(1, 3),
)
def test_each_image_is_in_its_cell_and_the_rest_is_white(shape, columns, gap, scale):
    images = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)  # no pixel is white
    sheet = tile(images, columns, gap, scale)
    n, height, width, _ = shape
    down, across = height * scale + gap, width * scale + gap
    assert sheet.shape == (-(-n // columns) * down - gap, columns * across - gap, 3)
    left = sheet.copy()
    for k, image in enumerate(images):
        top, start = k // columns * down, k % columns * across
        cell = np.s_[top : top + height * scale, start : start + width * scale]
        enlarged = np.kron(np.broadcast_to(image, (height, width, 3)), np.ones((scale, scale, 1), np.uint8))
        np.testing.assert_array_equal(sheet[cell], enlarged)
        left[cell] = 255
    assert (left == 255).all()


@given(st.integers(1, 200), st.integers(1, 20))
def test_a_row_is_enlarged_to_the_width_of_a_figure_as_far_as_whole_pixels_allow(width, columns):
    times, row = magnification(width, columns), columns * width
    assert times >= 1
    assert times == 1 or abs(times * row - WIDTH * DPI) <= row / 2


def test_ten_classes_have_ten_colours_which_then_repeat():
    assert len(set(COLOURS)) == 10
    assert colour(23) == COLOURS[3]


@pytest.mark.parametrize("classes", [1, 2, 10])
def test_every_point_has_the_colour_of_its_class(classes):
    draw = np.random.default_rng(0)
    points, labels = draw.normal(size=(50, 2)), draw.integers(0, classes, 50)
    figure = new_figure(3)
    scatter_classes(figure.subplots(), points, labels, [f"class {k}" for k in range(classes)], alpha=1)
    (dots,) = figure.axes[0].collections
    drawn = {
        (*point, to_hex(c))
        for point, c in zip(dots.get_offsets().tolist(), dots.to_rgba(dots.get_array()), strict=True)
    }
    assert drawn == {(*point, COLOURS[label]) for point, label in zip(points.tolist(), labels, strict=True)}


def test_a_colour_bar_names_the_classes_and_one_class_needs_none():
    points = np.zeros((4, 2))
    figure = new_figure(3)
    scatter_classes(figure.subplots(), points, np.array([0, 1, 1, 2]), ["people", "dogs", "between"])
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["people", "dogs", "between"]
    alone = new_figure(3)
    scatter_classes(alone.subplots(), points, np.zeros(4, int), ["faces"])
    assert len(alone.axes) == 1


@pytest.mark.filterwarnings("error")
def test_long_titles_and_notices_are_wrapped():
    figure = new_figure(4, 6)
    show(figure.subplots(), np.zeros((30, 60, 3), np.uint8), "a sheet")
    finish(figure, "a title that goes on · " * 12, "and a notice that goes on and on. " * 12)
    assert not beyond_the_edge(figure)


@pytest.mark.filterwarnings("error")
def test_math_markup_in_a_title_or_notice_is_drawn_literally():
    figure = finish(new_figure(2), "$x_{$", "from $HOME/a_b^c to $HOME/d")
    assert not beyond_the_edge(figure)


@pytest.mark.parametrize(
    ("where", "edge"), [((1.1, 0.5), "right"), ((-0.1, 0.5), "left"), ((0.5, 1.2), "above"), ((0.5, -0.3), "below")]
)
def test_beyond_the_edge_finds_text_that_is_cut_off(where, edge):
    figure = new_figure(2, 4)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.text(*where, "cut off", transform=axes.transAxes)
    assert edge in beyond_the_edge(figure)
