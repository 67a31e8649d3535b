"""Names of lines and classes, drawn literally; if there are too many, the rest is counted."""

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
MOST_LETTERS = 48  # of a name in a legend

Named = tuple[Any, str]  # a matplotlib artist, and its name


def legend(
    where: Axes | Figure, named: Sequence[Named], *, most: int = MOST_NAMED, not_drawn: int = 0, **how: Any
) -> Legend | None:
    """Add a legend of the first names and the number of the others; no legend if nothing is named.

    Args:
        where: axes, or a figure.
        named: artists and their names, which may begin with `_` (matplotlib would leave them out).
        most: maximum number of names.
        not_drawn: number of further lines that are not drawn.
        how: further arguments of matplotlib's `legend`.
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
    """Choose the classes that have their own colour and name: all, or the `most - 1` most frequent.

    Args:
        labels: of the images that are shown.
        class_names: of all classes.
        most: maximum number of names, one of which stands for all other classes.

    Returns:
        the index of each label's name; the names, the last being `N other classes` if some are not named; and N.
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
