"""A run from its config to its report, in its folder."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from vae_jax.album import Album
from vae_jax.clock import Clock
from vae_jax.compiled_programs import keep_compiled_programs
from vae_jax.config import Config
from vae_jax.data.arrays import GivenArrays
from vae_jax.data.dataset import Dataset
from vae_jax.evaluation.metrics import judge_of
from vae_jax.jax_settings import check_jax
from vae_jax.progress import Progress
from vae_jax.run_end import check_result, outcomes_of, write_end
from vae_jax.run_folder import RunFolder
from vae_jax.run_plan import Plan, plan_run
from vae_jax.stopping import Stop, signals_noted
from vae_jax.summary import member_title
from vae_jax.training.blocks import step_work
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.cohorts import MEMBERS_FILE, Cohort, write_members
from vae_jax.training.devices import Layout
from vae_jax.training.loop import Trainer
from vae_jax.training.memory import layout_of, memory_faults_told
from vae_jax.training.recorder import Recorder

log = logging.getLogger("vae_jax")


def train_run(config: Config, workdir: Path, started: float, given: GivenArrays | None = None) -> None:
    """Train a run from its start, or from its newest checkpoints, to its end, and write all about it.

    Args:
        config: the settings.
        workdir: the run folder.
        started: when it was asked for, by `time.perf_counter()`.
        given: the images of a caller's own, where members learn from such.

    Raises:
        NoResultError: every member failed; all is written.
        StoppedError: a signal ended it.
        UserError: something that the user gave can't be used; nothing was compiled or written then.
    """
    check_jax()
    stop, folder = Stop(), RunFolder(workdir)
    with signals_noted(stop):
        folder.check(config)
        if folder.is_finished(config):
            if given is not None:
                plan_run(folder, config, given)  # sees that they are the run's
            log.info("%s: finished already; the report lies at %s", folder.path, folder.report)
        else:
            keep_compiled_programs()
            _train(plan_run(folder, config, given), Clock(started), stop)
            if folder.report.is_file():
                log.info("report: %s", folder.report)
        check_result(folder)


def _train(plan: Plan, clock: Clock, stop: Stop) -> None:
    """Train the cohorts of a plan one after another, and write all about them."""
    plan.check_memory()
    with Progress("planning: measuring the memory"):
        layouts = [layout_of(cohort, plan.dataset(cohort)) for cohort in plan.cohorts]
    with plan.folder.occupied():
        announce(plan)
        plan.folder.create(plan.config)
        plan.keep_test_images()
        outcomes, seconds = [], []
        totals = [cohort.total for cohort in plan.cohorts]
        works = [step_work(*each) for each in zip(plan.cohorts, layouts, strict=True)]
        with Progress("compiling", totals[0]) as progress:
            album = Album(plan, partial(progress.say, counts=False))
            for place, (cohort, layout) in enumerate(zip(plan.cohorts, layouts, strict=True)):
                progress.group(place, totals, works)
                trainer = train_cohort(plan, cohort, layout, clock, album, stop, progress)
                outcomes += outcomes_of(trainer)
                seconds.append(trainer.seconds)
            album.draw_together()
            spent = {name: sum(each[name] for each in seconds) for name in ("compile", "train")}
            progress.say("writing the report", counts=False)
            write_end(plan, outcomes, {**spent, "total": clock()}, album)


def train_cohort(
    plan: Plan, cohort: Cohort, layout: Layout, clock: Clock, album: Album, stop: Stop, progress: Progress
) -> Trainer:
    """Train one cohort to its end, and sit its members for their pictures.

    Raises:
        StoppedError: a signal ended it.
    """
    home, dataset, config = plan.folder.checkpoints / cohort.name, plan.dataset(cohort), cohort.configs[0]
    write_members(home, cohort)
    checkpoints = Checkpoints(home, config.checkpoint.keep)
    trainer = Trainer(cohort, dataset, layout, checkpoints, clock)
    state = trainer.restore()
    if state is not None:
        clock.resume(trainer.seconds["total"])
        if trainer.step < cohort.total:
            log.info("continuing after step %s of %s", f"{trainer.step:,}", f"{cohort.total:,}")
    events = plan.folder.tensorboard / cohort.name if config.log.tensorboard else None
    recorder = Recorder(plan.folder.metrics, events, from_step=trainer.step, members=cohort.numbers)
    progress.skip(trainer.step)

    def listen(line: dict[str, Any]) -> None:
        recorder.write(line)
        if line["member"] == cohort.numbers[0] and line["split"] == "train":
            progress.moment(losses_told(line, len(cohort.numbers)))

    stop.patient = True
    try:
        with memory_faults_told(cohort.name):
            judge = judge_of(cohort, layout, dataset)
            state = trainer.run(state, judge, listen, lambda: stop.asked, stop.wait, progress)
    finally:
        stop.patient = False
        recorder.close()
    checkpoints.close()
    checkpoints.read_back(trainer.step)
    if stop.asked:
        stop.leave()
    album.draw_each(cohort, state)
    return trainer


def losses_told(line: dict[str, Any], members: int) -> str:
    """Say the losses of a member, and which it is if it is not the only one."""
    of = f"member {line['member']}: " if members > 1 else ""
    return of + ", ".join(f"{name} {line[name]:.4g}" for name in ("loss", "recon", "kl", "beta_kl") if name in line)


def announce(plan: Plan) -> None:
    """Say what is about to be trained, on what."""
    if plan.shelf.notice:
        log.warning("%s", plan.shelf.notice)
    *others, last = map(_images_of, plan.shelf.datasets.values())
    for other in others:
        log.info("%s", other)
    cohorts = plan.cohorts
    count = sum(len(cohort.configs) for cohort in cohorts)
    members = f"{count} members, " if count > 1 else ""
    groups = f"{members}{len(cohorts)} programs" if len(cohorts) > 1 else ""
    length = f"{members}{cohorts[0].epochs} epochs of {cohorts[0].steps_per_epoch:,} steps"
    log.info("%s; %s", last, groups or length)
    announce_growth(plan)


def announce_growth(plan: Plan) -> None:
    """Say which members lie in the folder already, where a run gains others."""
    folder = plan.folder
    if not folder.config.exists() or folder.read_config().sweep == plan.config.sweep:
        return
    begun = [cohort for cohort in plan.cohorts if (folder.checkpoints / cohort.name / MEMBERS_FILE).is_file()]
    old = sorted(number for cohort in begun for number in cohort.numbers)
    if old and (new := len(plan.members) - len(old)):
        title = member_title(plan.config, plan.members[old[0]])
        which = f"{len(old)} members, {old[0]} to {old[-1]}" if len(old) > 1 else f"member {old[0]} ({title})"
        log.info("%s: the run that lies here is taken over as %s; %s more to train", folder.path, which, f"{new:,}")


def _images_of(dataset: Dataset) -> str:
    return f"{dataset.name}: {dataset.source}; {dataset.counts}"
