"""Names of lines and classes."""

import numpy as np
from invented_arrays import member_arrays
from matplotlib.lines import Line2D

from vae_jax.figures.canvas import COLOURS, OTHERS, new_figure, scatter_classes
from vae_jax.figures.legends import legend, named_classes
from vae_jax.figures.losses import loss_histogram


def names_in(drawn):
    return [text.get_text() for text in drawn.get_texts()]


def lines(*names):
    return [(Line2D([], []), name) for name in names]


def test_a_name_may_begin_with_any_character():
    names = ("_misc", "$a$", "", "猫")
    assert names_in(legend(new_figure(2).subplots(), lines(*names)))[:3] == list(names[:3])
    shown = member_arrays(classes=3, class_names=("_misc", "a$b$c", "dogs"))
    assert names_in(loss_histogram(shown).axes[0].get_legend()) == ["_misc", "a$b$c", "dogs"]


def test_names_beyond_the_maximum_are_counted():
    names = [f"line {k}" for k in range(1150)]
    assert names_in(legend(new_figure(2), lines(*names), most=3)) == [*names[:3], "and 1,147 more"]
    assert names_in(legend(new_figure(2), lines("a"), not_drawn=7)) == ["a", "7 more not drawn"]
    assert legend(new_figure(2), []) is None


def test_of_many_classes_the_most_frequent_are_named():
    names = [f"c{k}" for k in range(6)]
    labels = np.array([5] * 3 + [1] * 2 + [0, 2, 4], np.int32)
    places, shown, others = named_classes(labels, names, 3)
    assert shown == ["c1", "c5", "4 other classes"]
    assert others == 4
    assert places.tolist() == [1] * 3 + [0] * 2 + [2] * 3
    places, shown, others = named_classes(labels, names, 6)
    assert (places.tolist(), shown, others) == (labels.tolist(), names, 0)


def test_a_colour_bar_of_150_classes_names_nine_and_counts_the_others_in_grey():
    labels = np.repeat(np.arange(150, dtype=np.int32), 2)
    labels[0] = 149  # one class that is more frequent than all others
    figure = new_figure(3)
    scatter_classes(figure.subplots(), np.zeros((300, 2)), labels, [f"class {k}" for k in range(150)], alpha=1)
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == [
        *(f"class {k}" for k in range(1, 9)),
        "class 149",
        "141 other classes",
    ]
    (dots,) = figure.axes[0].collections
    assert dots.cmap.colors == [*COLOURS[:9], OTHERS]
    assert np.bincount(dots.get_array().astype(int)).tolist() == [2] * 8 + [3, 281]
