"""Names of lines and classes: all are shown as they are, and of too many the rest is counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from vae_jax.figures.text import short

MOST_NAMED = 12  # lines of a legend
MOST_LETTERS = 48  # of a name in one

Named = tuple[Any, str]  # what is drawn, and its name


def legend(
    where: Axes | Figure, named: Sequence[Named], *, most: int = MOST_NAMED, not_drawn: int = 0, **how: Any
) -> Legend | None:
    """Write a legend, the first names and how many there are more; none where nothing is named.

    Args:
        where: axes, or a figure.
        named: what is drawn and its name, which may begin with `_` (matplotlib would leave it out).
        most: names at most.
        not_drawn: how many more there are that are not drawn.
        how: as matplotlib's legends take it.
    """
    entries = [(handle, short(name, MOST_LETTERS)) for handle, name in named[:most]]
    if not entries:
        return None
    nothing = Line2D([], [], linestyle="")
    if len(named) > most:
        entries.append((nothing, f"and {len(named) - most:,} more"))
    if not_drawn:
        entries.append((nothing, f"{not_drawn:,} more not drawn"))
    handles, names = zip(*entries, strict=True)
    drawn = where.legend(handles, ["name"] * len(names), frameon=False, **how)
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(name)
    return drawn


def named_classes(
    labels: Int[np.ndarray, " n"], class_names: Sequence[str], most: int
) -> tuple[Int[np.ndarray, " n"], list[str], int]:
    """Choose the classes that get a colour and a name: all, or of more than `most` the most frequent and the rest.

    Args:
        labels: of the images that are shown.
        class_names: of all classes.
        most: how many may be told apart, the rest as one of them.

    Returns:
        for each label the place of its name; the names, `N others` last where some are not named; how many are not.
    """
    count = len(class_names)
    if count <= most:
        return labels, [short(name) for name in class_names], 0
    frequency = np.bincount(labels, minlength=count)
    chosen = np.sort(np.argsort(-frequency, kind="stable")[: most - 1])
    places = np.full(count, most - 1, labels.dtype)
    places[chosen] = np.arange(most - 1)
    others = count - len(chosen)
    return places[labels], [*(short(class_names[k]) for k in chosen), f"{others:,} other classes"], others
