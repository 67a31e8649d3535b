"""Curves of any table."""

import numpy as np
import pytest
from picture_edges import beyond_the_edge

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


def test_each_group_has_a_line_through_its_means():
    (axes,) = panels([Panel(ROWS, "x", "y", "by")], "title", columns=1).axes
    assert [line_of(axes, k) for k in (0, 1)] == [[[1, 3], [3, 5]], [[3, 1]]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_bars_are_standard_deviations():
    (axes,) = panels([Panel(ROWS, "x", "y", "by")], "title", columns=1).axes
    (bars,) = axes.containers[0].lines[2]
    np.testing.assert_allclose(bars.get_segments()[0], [[1, 2], [1, 4]])


def test_bars_may_be_a_column_of_errors():
    rows = [{"x": word, "y": 5.0, "off": off} for word, off in (("a", 1.0), ("b", 0.25))]
    (axes,) = panels([Panel(rows, "x", "y", error="off")], "title", columns=1).axes
    (bars,) = axes.containers[0].lines[2]
    np.testing.assert_allclose([segment[:, 1] for segment in bars.get_segments()], [[4, 6], [4.75, 5.25]])


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([2, 5, 20, 45], {"2", "5", "10", "20"}),
        ([150_000, 1_000_000, 2_500_000], {"200k", "500k", "1M", "2M"}),
    ],
)
def test_log_axes_of_less_than_two_decades_have_ticks_between_the_powers_of_ten(values, named):
    rows = [{"x": value * (1 + k / 100), "y": k} for k in range(3) for value in values]
    figure = panels([Panel(rows, "x", "y", log="x")], "title", columns=1)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert {label.get_text() for label in axes.get_xticklabels()} >= named


def test_rows_without_an_error_are_left_out_if_there_are_error_bars():
    rows = [{"x": 1.0, "y": 5.0, "off": 1.0}, {"x": 2.0, "y": 6.0}]
    (axes,) = panels([Panel(rows, "x", "y", error="off")], "title", columns=1).axes
    assert line_of(axes, 0) == [[1, 5]]


def test_panels_above_each_other_may_have_one_scale():
    shown = [Panel([{"x": k, "y": height * k} for k in (0.0, 1.0)], "x", "y") for height in (1, 9, 5, 2)]
    apart, alike = (panels(shown, "title", 2, one_scale=one_scale).axes for one_scale in (False, True))
    assert apart[0].get_ylim() != apart[2].get_ylim()
    assert alike[0].get_ylim() == alike[2].get_ylim()
    assert alike[0].get_ylim() != alike[1].get_ylim()
    assert alike[0].get_ylim()[1] >= 5


def test_categories_are_in_the_order_of_the_rows():
    rows = [{"x": word, "y": k} for k, word in enumerate(("late", "early"))]
    (axes,) = panels([Panel(rows, "x", "y", labels={"y": "height"})], "title", columns=1).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["late", "early"]
    assert line_of(axes, 0) == [[0, 0], [1, 1]]
    assert axes.get_ylabel() == "height"


def many(count, x):
    return [{"x": place, "y": place + k, "by": f"line {k}"} for k in range(count) for place in x(k)]


def test_the_legend_of_many_lines_is_outside_the_axes():
    for count, beside in ((3, False), (9, True)):
        figure = panels([Panel(many(count, lambda k: range(5)), "x", "y", "by")], "title", columns=1)
        figure.canvas.draw()
        (axes,) = figure.axes
        legend = axes.get_legend().get_window_extent()
        assert (legend.x0 > axes.get_window_extent().x1) == beside
        assert beyond_the_edge(figure) == {}


def test_points_are_marked_on_all_lines_or_on_none():
    """A short line looks like the others."""
    (axes,) = panels([Panel(many(2, lambda k: range(20 - 15 * k)), "x", "y", "by")], "title", columns=1).axes
    assert {container.lines[0].get_markersize() for container in axes.containers} == {0}


def test_categories_always_have_markers():
    rows = [{"x": f"name {k}", "y": k} for k in range(20)]
    (axes,) = panels([Panel(rows, "x", "y")], "title", columns=1).axes
    assert axes.containers[0].lines[0].get_markersize() > 0


def test_panels_of_the_same_lines_share_a_legend_and_spare_cells_are_empty():
    figure = panels([Panel(ROWS, "x", "y", "by", f"panel {k}") for k in range(3)], "title")
    assert [axes.get_legend() is not None for axes in figure.axes] == [True, False, False, False]
    assert [axes.axison for axes in figure.axes] == [True, True, True, False]


@pytest.mark.parametrize(
    ("values", "names"), [((0.25, 1 / 3), ["0.25", "0.333333"]), ((1.0, 1.0000001), ["1", "1.0000001"])]
)
def test_values_have_as_few_digits_as_distinguish_them(values, names):
    rows = [{"x": x, "y": 1.0, "by": x} for x in values]
    (axes,) = panels([Panel(rows, "x", "y", "by")], "title", columns=1).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [f"by {name}" for name in names]
