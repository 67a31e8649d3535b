"""Our numbers beside published ones, in one table."""

from collections.abc import Callable, Mapping
from typing import Any

from vae_jax import Sweep
from vae_jax.config.schema import Config
from vae_jax.research.analysis import epochs_of, metrics_over_time, rows_of
from vae_jax.runs.members import settings_of

Row = Mapping[str, Any]

# What the tables keep of a member, beside what was published of it.
KEPT = ("parameters", "test.step", "best_step", "ended_in_step", "active_units")
MEASURED = ("elbo", "bound", "nll", "nll_standard_error", "nll_samples")


def beside(trained: Sweep, published: Callable[[Config], Row], whole: int | None) -> list[dict[str, Any]]:
    """Return our numbers of each member and those that were published, with the epochs of both trainings.

    Args:
        trained: the members.
        published: gives what names a member and the columns of the publication, for its settings.
        whole: epochs of the published training; None where they are not published.
    """
    names = (*KEPT, *(f"test.{name}" for name in MEASURED))
    length = {"epochs": epochs_of(trained), "published_epochs": whole}
    configs = settings_of(trained.folder)
    return [
        {**published(configs[row["member"]]), **{name: row[name] for name in names if name in row}, **length}
        for row in rows_of(trained)
    ]


def bounds_over_time(trained: Sweep, name_of: Callable[[Config], str]) -> list[dict[str, Any]]:
    """Return the logged test lines by `model`, with each member's own `bound`: the ELBO where it has no other."""
    configs = settings_of(trained.folder)
    return [
        {**line, "model": name_of(configs[line["member"]]), "bound": line.get("bound", line["elbo"])}
        for line in metrics_over_time(trained)
    ]
