"""The end of a run: the results of all members as a table, a report and a summary."""

import logging
from collections.abc import Sequence
from typing import Any

from vae_jax.config.schema import to_json
from vae_jax.core.atomic_files import write_text
from vae_jax.core.errors import NoResultError
from vae_jax.core.plain_text import reason
from vae_jax.reports.collapse import collapse_line
from vae_jax.reports.summary import MemberResult, best_members, closing_line, members_table, summarise
from vae_jax.runs.figures import RunFigures
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import Plan
from vae_jax.training.extraction import spec_alone
from vae_jax.training.loop import Trainer
from vae_jax.training.metrics_log import read_metrics
from vae_jax.training.non_finite import failed_for_good
from vae_jax.training.steps import NEVER

log = logging.getLogger("vae_jax")


def results_of(trainer: Trainer) -> list[MemberResult]:
    """Return the results of the members of a group."""
    group, best = trainer.group, trainer.best
    train, validation, test = (trainer.reported(split) for split in ("train", "validation", "test"))
    return [
        MemberResult(
            number,
            config,
            spec_alone(group, k),
            train[k],
            test[k],
            step if failed_for_good(config, step) else None,
            validation[k],
            best.steps[k] if config.train.keep_best else None,
            None if best.ended[k] == NEVER else best.ended[k],
        )
        for k, (number, config, step) in enumerate(zip(group.numbers, group.configs, trainer.failed, strict=True))
    ]


def write_end(plan: Plan, results: Sequence[MemberResult], seconds: dict[str, float], run_figures: RunFigures) -> None:
    """Write the table, the report and, last of all, the summary, which marks the run as finished.

    A figure or report that fails is named in one line, and the rest is written.
    """
    lines: dict[int, list[dict[str, Any]]] = {}
    for line in read_metrics(plan.folder.metrics):
        if line["split"] == "test":
            lines.setdefault(line["member"], []).append(line)
    ordered = sorted(results, key=lambda result: result.number)
    ordered = [result._replace(lines=lines.get(result.number, ())) for result in ordered]
    summary = summarise(plan.config, ordered, plan.collection, seconds)
    if len(ordered) > 1:
        run_figures.draw_table(summary)
        write_text(plan.folder.members, members_table(summary))
    run_figures.remove_earlier()
    try:
        from vae_jax.reports.report import render

        page = render(summary, to_json(plan.config), *run_figures.pages(), run_figures.failed)
    except OSError:
        raise
    except Exception as error:
        run_figures.note_failure(plan.folder.report.name, reason(error))
    else:
        write_text(plan.folder.report, page)
    plan.folder.write_summary(summary)
    log.info("%s", closing_line(summary))
    if collapsed := collapse_line(summary):
        log.info("%s", collapsed)


def check_result(folder: RunFolder) -> None:
    """Make sure that a finished run has a member with a result.

    Raises:
        NoResultError: it has none.
    """
    summary = folder.read_summary()
    if summary is not None and not best_members(summary):
        raise NoResultError(
            f"{folder.path}: no member came to a result; a smaller config.optimiser.learning_rate may do, or another "
            "config.train.on_nan, in another workdir"
        )
