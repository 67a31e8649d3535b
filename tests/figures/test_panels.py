"""Curves of any table."""

import numpy as np

from vae_jax.figures.panels import Panel, panels

ROWS = [
    {"x": 1.0, "y": 2.0, "by": "a"},
    {"x": 1.0, "y": 4.0, "by": "a"},
    {"x": 3.0, "y": 5.0, "by": "a"},
    {"x": 3.0, "y": 1.0, "by": "b"},
    {"x": None, "y": 1.0, "by": "b"},
]


def line_of(axes, k):
    return axes.containers[k].lines[0].get_xydata().tolist()


def test_a_line_a_group_goes_through_the_means():
    (axes,) = panels([Panel(ROWS, "x", "y", "by")], "title", columns=1).axes
    assert [line_of(axes, k) for k in (0, 1)] == [[[1, 3], [3, 5]], [[3, 1]]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_bars_are_standard_deviations():
    (axes,) = panels([Panel(ROWS, "x", "y", "by")], "title", columns=1).axes
    (bars,) = axes.containers[0].lines[2]
    np.testing.assert_allclose(bars.get_segments()[0], [[1, 2], [1, 4]])


def test_words_lie_side_by_side_in_their_order():
    rows = [{"x": word, "y": k} for k, word in enumerate(("late", "early"))]
    (axes,) = panels([Panel(rows, "x", "y", labels={"y": "height"})], "title", columns=1).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["late", "early"]
    assert line_of(axes, 0) == [[0, 0], [1, 1]]
    assert axes.get_ylabel() == "height"


def test_panels_of_the_same_lines_have_one_legend_and_a_cell_too_many_is_empty():
    figure = panels([Panel(ROWS, "x", "y", "by", f"panel {k}") for k in range(3)], "title")
    assert [axes.get_legend() is not None for axes in figure.axes] == [True, False, False, False]
    assert [axes.axison for axes in figure.axes] == [True, True, True, False]
