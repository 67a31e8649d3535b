"""What a run leaves at its end: the outcome of every member as a table, a page and a summary."""

import logging
from collections.abc import Sequence
from typing import Any

from vae_jax.album import Album
from vae_jax.atomic_files import write_text
from vae_jax.config import to_json
from vae_jax.errors import NoResultError
from vae_jax.plain_text import reason
from vae_jax.run_folder import RunFolder
from vae_jax.run_plan import Plan
from vae_jax.summary import Outcome, best_members, closing_line, members_table, summarise
from vae_jax.training.failures import failed_for_good
from vae_jax.training.loop import Trainer
from vae_jax.training.members import spec_alone

log = logging.getLogger("vae_jax")


def outcomes_of(trainer: Trainer) -> list[Outcome]:
    """Say what became of the members of a cohort."""
    cohort = trainer.cohort
    empty: list[dict[str, Any]] = [{}] * trainer.count
    return [
        Outcome(
            number,
            config,
            spec_alone(cohort, k),
            trainer.last.get("train", empty)[k],
            trainer.last.get("test", empty)[k],
            step if failed_for_good(config, step) else None,
            trainer.last.get("validation", empty)[k],
        )
        for k, (number, config, step) in enumerate(zip(cohort.numbers, cohort.configs, trainer.failed, strict=True))
    ]


def write_end(plan: Plan, outcomes: Sequence[Outcome], seconds: dict[str, float], album: Album) -> None:
    """Write the table, the report and, last of all, the summary: it says that the run is whole.

    What fails in drawing or in making the report is named in one line, and the rest is written.
    """
    ordered = sorted(outcomes, key=lambda outcome: outcome.number)
    summary = summarise(plan.config, ordered, plan.shelf, seconds)
    if len(ordered) > 1:
        album.draw_table(summary)
        write_text(plan.folder.members, members_table(summary))
    album.remove_earlier()
    try:
        from vae_jax.report import render

        page = render(summary, to_json(plan.config), *album.pages(), album.failed)
    except OSError:
        raise
    except Exception as error:
        album.tell(plan.folder.report.name, reason(error))
    else:
        write_text(plan.folder.report, page)
    plan.folder.write_summary(summary)
    log.info("%s", closing_line(summary))


def check_result(folder: RunFolder) -> None:
    """Make sure that a finished run has a member that came to a result.

    Raises:
        NoResultError: it has none.
    """
    summary = folder.read_summary()
    if summary is not None and not best_members(summary):
        raise NoResultError(
            f"{folder.path}: no member came to a result; a smaller config.optimiser.learning_rate may do, or another "
            "config.train.on_nan, in another workdir"
        )
