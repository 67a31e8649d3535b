"""Training a run: from its config to its report, in its folder."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import expand
from vae_jax.core.clock import Clock
from vae_jax.core.compile_cache import keep_compiled_programs
from vae_jax.core.jax_settings import check_jax, offer_cores
from vae_jax.core.plain_text import printable
from vae_jax.core.progress import Progress
from vae_jax.core.signals import Stop, signals_noted
from vae_jax.data.sources.arrays import GivenArrays
from vae_jax.evaluation.metrics import evaluator_of
from vae_jax.reports.summary import member_title
from vae_jax.runs.end_likelihood import add_likelihood
from vae_jax.runs.figures import RunFigures
from vae_jax.runs.finish import check_result, results_of, write_end
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import Plan, plan_run
from vae_jax.training.blocks import step_work
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.grey_pixels import grey_pixels
from vae_jax.training.groups import MEMBERS_FILE, Group, write_members
from vae_jax.training.loop import Trainer
from vae_jax.training.memory import layout_of, memory_errors_reported
from vae_jax.training.metrics_log import MetricsLog
from vae_jax.training.sharding import Layout

log = logging.getLogger("vae_jax")


def train_run(config: Config, workdir: Path, started: float, given: GivenArrays | None = None) -> None:
    """Train a run from its start, or its newest checkpoints, to its end, and write its results.

    Args:
        config: the settings.
        workdir: the run folder.
        started: `time.perf_counter()` at the command's start.
        given: the caller's own images, where it is trained on arrays.

    Raises:
        NoResultError: every member failed; all results are written.
        StoppedError: a signal ended the run.
        UserError: an argument can't be used; nothing was compiled or written.
    """
    offer_cores(len(expand(config)))
    check_jax()
    stop, folder = Stop(), RunFolder(workdir)
    with signals_noted(stop):
        folder.check(config)
        if folder.is_finished(config):
            if given is not None:
                plan_run(folder, config, given)  # checks that they are the run's images
            log.info("%s: finished already; the report lies at %s", folder.path, folder.report)
        else:
            keep_compiled_programs()
            _train(plan_run(folder, config, given), Clock(started), stop)
            if folder.report.is_file():
                log.info("report: %s", printable(str(folder.report)))
        check_result(folder)


def _train(plan: Plan, clock: Clock, stop: Stop) -> None:
    """Train the groups of a plan one after another, and write their results."""
    plan.check_memory()
    with Progress("planning: measuring the memory"):
        layouts = [layout_of(group, plan.dataset(group)) for group in plan.groups]
    with plan.folder.occupied():
        announce(plan)
        plan.folder.create(plan.config)
        plan.keep_test_images()
        results, seconds = [], []
        totals = [group.total for group in plan.groups]
        works = [step_work(*each) for each in zip(plan.groups, layouts, strict=True)]
        with Progress("compiling", totals[0]) as progress:
            run_figures = RunFigures(plan, partial(progress.say, counts=False))
            for place, (group, layout) in enumerate(zip(plan.groups, layouts, strict=True)):
                progress.group(place, totals, works)
                trainer = train_group(plan, group, layout, clock, run_figures, stop, progress)
                results += results_of(trainer)
                seconds.append(trainer.seconds)
            run_figures.draw_together()
            spent = {name: sum(each[name] for each in seconds) for name in ("compile", "train")}
            progress.say("writing the report", counts=False)
            write_end(plan, results, {**spent, "total": clock()}, run_figures)


def train_group(
    plan: Plan, group: Group, layout: Layout, clock: Clock, run_figures: RunFigures, stop: Stop, progress: Progress
) -> Trainer:
    """Train one group to its end, estimate the likelihood if asked, and draw their figures.

    Raises:
        StoppedError: a signal ended the run.
    """
    home, dataset, config = plan.folder.checkpoints / group.name, plan.dataset(group), group.configs[0]
    write_members(home, group)
    checkpoints = Checkpoints(home, config.checkpoint.keep)
    trainer = Trainer(group, dataset, layout, checkpoints, clock)
    state = trainer.restore()
    if state is not None:
        clock.resume(trainer.seconds["total"])
        if trainer.step < group.total:
            log.info("continuing after step %s of %s", f"{trainer.step:,}", f"{group.total:,}")
    events = plan.folder.tensorboard / group.name if config.log.tensorboard else None
    metrics_log = MetricsLog(plan.folder.metrics, events, from_step=trainer.step, members=group.numbers)
    progress.skip(trainer.step)

    def listen(line: dict[str, Any]) -> None:
        metrics_log.write(line)
        if line["member"] == group.numbers[0] and line["split"] == "train":
            progress.moment(format_losses(line, len(group.numbers)))

    def asked_to_stop() -> bool:
        stop.patient = True  # from the first block on: while it compiles, nothing is lost by leaving at once
        return stop.asked

    try:
        with memory_errors_reported(group.name):
            evaluate = evaluator_of(group, layout, dataset)
            state = trainer.run(state, evaluate, listen, asked_to_stop, stop.wait, progress)
    finally:
        stop.patient = False
        metrics_log.close()
    checkpoints.close()
    checkpoints.read_back(trainer.step)
    if stop.asked:
        stop.leave()
    add_likelihood(trainer, state, partial(progress.say, counts=False))
    run_figures.draw_each(group, state)
    return trainer


def format_losses(line: dict[str, Any], members: int) -> str:
    """Format the losses of a member, with its number if there are others."""
    prefix = f"member {line['member']}: " if members > 1 else ""
    return prefix + ", ".join(f"{name} {line[name]:.4g}" for name in ("loss", "recon", "kl", "beta_kl") if name in line)


def announce(plan: Plan) -> None:
    """Log what is about to be trained, and the data."""
    if plan.collection.notice:
        log.warning("%s", plan.collection.notice)
    if line := grey_pixels(list(plan.members.values()), plan.collection.of):
        log.warning("%s", line)
    *others, last = (f"{each.name}: {each.source}; {each.counts}" for each in plan.collection.datasets.values())
    for other in others:
        log.info("%s", other)
    groups, count = plan.groups, len(plan.members)
    members = f"{count} members, " if count > 1 else ""
    programs = f"{members}{len(groups)} programs" if len(groups) > 1 else ""
    length = f"{members}{groups[0].epochs} epochs of {groups[0].steps_per_epoch:,} steps"
    log.info("%s; %s", last, programs or length)
    announce_growth(plan)


def announce_growth(plan: Plan) -> None:
    """Log which members the folder already has, where a run gains members."""
    folder = plan.folder
    if not folder.config.exists() or folder.read_config().sweep == plan.config.sweep:
        return
    started = [group for group in plan.groups if (folder.checkpoints / group.name / MEMBERS_FILE).is_file()]
    old = sorted(number for group in started for number in group.numbers)
    if old and (new := len(plan.members) - len(old)):
        title = member_title(plan.config, plan.members[old[0]])
        which = f"{len(old)} members, {old[0]} to {old[-1]}" if len(old) > 1 else f"member {old[0]} ({title})"
        log.info("%s: the earlier run here is taken over as %s; %s more to train", folder.path, which, f"{new:,}")
