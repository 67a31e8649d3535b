"""A run from its config to its report, in its folder."""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from vae_jax.album import Album
from vae_jax.config import Config, to_json
from vae_jax.data.dataset import Dataset
from vae_jax.data.kept_data import keep_data
from vae_jax.data.shelf import Shelf, load_shelf
from vae_jax.errors import NoResultError
from vae_jax.evaluation.metrics import split_metrics
from vae_jax.objectives import Metrics
from vae_jax.progress import Progress
from vae_jax.run_folder import RunFolder, write_whole
from vae_jax.stopping import Stop, signals_noted
from vae_jax.summary import Outcome, best_member, closing_line, members_table, summarise
from vae_jax.sweep_language import expand
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.cohorts import Cohort, plan_cohorts, write_members
from vae_jax.training.devices import Layout
from vae_jax.training.failures import failed_for_good
from vae_jax.training.loop import Judge, Trainer
from vae_jax.training.members import program_alone
from vae_jax.training.memory import layout_of, most_members
from vae_jax.training.program import Members, Program, check_names
from vae_jax.training.recorder import Recorder
from vae_jax.training.steps import TrainState

log = logging.getLogger("vae_jax")


@dataclass
class Clock:
    """Seconds of a run over all the times that it was continued."""

    started: float
    before: float = 0.0

    def __call__(self) -> float:
        """Seconds since the command started, and those before the newest checkpoint of a continued run."""
        return self.before + time.perf_counter() - self.started

    def resume(self, total: float) -> None:
        """Count the seconds that a checkpoint says were spent."""
        self.before = max(self.before, total)


def train_run(config: Config, workdir: Path, started: float) -> None:
    """Train a run from its start, or from its newest checkpoints, to its end, and write all about it.

    Args:
        config: the settings.
        workdir: the run folder.
        started: when it was asked for, by `time.perf_counter()`.

    Raises:
        NoResultError: every member failed; all is written.
        StoppedError: a signal ended it.
        UserError: something that the user gave can't be used; nothing was compiled or written then.
    """
    stop = Stop()
    with signals_noted(stop):
        _train_run(RunFolder(workdir), config, Clock(started), stop)


def _train_run(folder: RunFolder, config: Config, clock: Clock, stop: Stop) -> None:
    configs = check_config(config)
    folder.check(config)
    if folder.is_finished(config):
        log.info("%s: finished already; the report lies at %s", folder.path, folder.report)
        check_result(folder)
        return
    keep_compiled_programs()
    shelf = load_shelf(configs)
    cohorts = plan_run(folder, configs, shelf)
    layouts = [layout_of(cohort, shelf.of(cohort.configs[0])) for cohort in cohorts]
    with folder.occupied():
        folder.create(config)
        keep_test_images(folder, config, cohorts, shelf)
        announce(shelf, cohorts)
        album, outcomes, seconds = Album(folder, config, shelf, cohorts), [], []
        for k, (cohort, layout) in enumerate(zip(cohorts, layouts, strict=True)):
            label = f"group {k + 1} of {len(cohorts)}" if len(cohorts) > 1 else ""
            dataset = shelf.of(cohort.configs[0])
            trainer = train_cohort(folder, cohort, dataset, layout, clock, label, album, stop)
            outcomes += outcomes_of(trainer)
            seconds.append(trainer.seconds)
        album.draw_together()
        totals = {name: sum(each[name] for each in seconds) for name in ("compile", "train")}
        write_end(folder, config, shelf, outcomes, {**totals, "total": clock()}, album)
    log.info("report: %s", folder.report)
    check_result(folder)


def check_result(folder: RunFolder) -> None:
    """Make sure that a finished run has a member that came to a result.

    Raises:
        NoResultError: it has none.
    """
    summary = folder.read_summary()
    if summary is not None and best_member(summary) is None:
        raise NoResultError(
            f"{folder.path}: no member came to a result; a smaller config.train.learning_rate may do, or another "
            "config.train.on_nan, in another --workdir"
        )


def train_cohort(
    folder: RunFolder,
    cohort: Cohort,
    dataset: Dataset,
    layout: Layout,
    clock: Clock,
    label: str,
    album: Album,
    stop: Stop,
) -> Trainer:
    """Train one cohort to its end, and sit its members for their pictures.

    Raises:
        StoppedError: a signal ended it.
    """
    home = folder.checkpoints / cohort.name
    write_members(home, cohort)
    checkpoints = Checkpoints(home, cohort.configs[0].checkpoint.keep)
    trainer = Trainer(cohort, dataset, layout, checkpoints, clock)
    state = trainer.restore()
    if state is not None:
        clock.resume(trainer.seconds["total"])
        if trainer.step < cohort.total:
            log.info("continuing after step %s of %s", f"{trainer.step:,}", f"{cohort.total:,}")
    events = folder.tensorboard / cohort.name if cohort.configs[0].log.tensorboard else None
    recorder = Recorder(folder.metrics, events, from_step=trainer.step, members=cohort.numbers)
    progress = Progress(cohort.total, trainer.step, member=cohort.numbers[0], label=label)

    def listen(line: dict[str, Any]) -> None:
        recorder.write(line)
        progress.show(line)

    stop.patient = True
    try:
        state = trainer.run(state, judge_of(cohort, layout, dataset), listen, lambda: stop.asked, stop.wait)
    finally:
        stop.patient = False
        progress.close()
        recorder.close()
    if stop.asked:
        checkpoints.close()
        stop.leave()
    album.draw_each(cohort, state)
    checkpoints.close()
    return trainer


def plan_run(folder: RunFolder, configs: Sequence[Config], shelf: Shelf) -> list[Cohort]:
    """Plan a run's cohorts as its folder and the memory say."""

    def most(program: Program, config: Config) -> int:
        return most_members(program, config, shelf.of(config))

    return plan_cohorts(configs, shelf.of, folder.checkpoints, most)


def keep_test_images(folder: RunFolder, config: Config, cohorts: Sequence[Cohort], shelf: Shelf) -> None:
    """Keep what it takes to use the trained members where the data are not."""
    for member in (cohort.configs[0] for cohort in cohorts):
        keep_data(folder.data(config, member), shelf.of(member))


def check_config(config: Config) -> list[Config]:
    """Return each member's settings, once every name is known to be good.

    Raises:
        UserError: one is not.
    """
    configs = expand(config)
    for member in configs:
        check_names(member)
    return configs


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles, so that a second start compiles nothing.

    `JAX_COMPILATION_CACHE_DIR` says where, else `XDG_CACHE_HOME` or `~/.cache`.
    """
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vae_jax" / "compiled"
        jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def announce(shelf: Shelf, cohorts: Sequence[Cohort]) -> None:
    """Say what is about to be trained, on what."""
    if shelf.notice:
        log.warning("%s", shelf.notice)
    *others, dataset = shelf.datasets.values()
    for other in others:
        log.info("%s", _images_of(other))
    count = sum(len(cohort.configs) for cohort in cohorts)
    members = f"{count} members, " if count > 1 else ""
    groups = f"{members}{len(cohorts)} programs" if len(cohorts) > 1 else ""
    length = f"{members}{cohorts[0].epochs} epochs of {cohorts[0].steps_per_epoch:,} steps"
    log.info("%s; %s", _images_of(dataset), groups or length)


def _images_of(dataset: Dataset) -> str:
    counts = f"{len(dataset.train):,} training and {len(dataset.test):,} test images"
    return f"{dataset.name}: {dataset.source}; {counts}"


def judge_of(cohort: Cohort, layout: Layout, dataset: Dataset) -> Judge:
    """Return the function that judges all members of a cohort on the test images."""
    images = jnp.asarray(dataset.test.images)

    def judge(members: Members, state: TrainState) -> Metrics:
        batch = min(cohort.configs[0].eval.batch_size, len(images))
        metrics: Metrics = split_metrics(cohort.program, layout, batch, images, members, state.params, state.step)
        return metrics

    return judge


def outcomes_of(trainer: Trainer) -> list[Outcome]:
    """Say what became of the members of a cohort."""
    cohort = trainer.cohort
    empty: list[dict[str, Any]] = [{}] * trainer.count
    return [
        Outcome(number, config, program_alone(cohort, k), train, test, step if failed_for_good(config, step) else None)
        for k, (number, config, train, test, step) in enumerate(
            zip(
                cohort.numbers,
                cohort.configs,
                trainer.last["train"] or empty,
                trainer.last["test"] or empty,
                trainer.failed,
                strict=True,
            )
        )
    ]


def write_end(
    folder: RunFolder,
    config: Config,
    shelf: Shelf,
    outcomes: Sequence[Outcome],
    seconds: dict[str, float],
    album: Album,
) -> None:
    """Write the table, the report and, last of all, the summary: it says that the run is whole."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.number)
    summary = summarise(config, ordered, shelf, seconds)
    if len(ordered) > 1:
        album.draw_table(summary)
        write_whole(folder.members, members_table(summary))
    from vae_jax.report import render

    write_whole(folder.report, render(summary, to_json(config), *album.pages()))
    folder.write_summary(summary)
    log.info("%s", closing_line(summary))
