"""Our numbers beside published ones, in one table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vae_jax import Sweep
from vae_jax.research.analysis import epochs_of, rows_of

Row = Mapping[str, Any]

# What the tables keep of a member, beside what was published of it.
KEPT = ("parameters", "test.step", "best_step", "ended_in_step", "active_units")
MEASURED = ("elbo", "bound", "nll", "nll_standard_error", "nll_samples")


def beside(
    trained: Sweep, settings: Sequence[str], published: Callable[[Row], Row], whole: int
) -> list[dict[str, Any]]:
    """Return our numbers of each member and those that were published, with the epochs of both trainings.

    Args:
        trained: the members.
        settings: fields that name a member, by their short names.
        published: gives the columns of the publication.
        whole: epochs of the published training.
    """
    names = (*settings, *KEPT, *(f"test.{name}" for name in MEASURED))
    length = {"epochs": epochs_of(trained), "published_epochs": whole}
    rows = rows_of(trained)
    return [{**{name: row[name] for name in names if name in row}, **published(row), **length} for row in rows]
