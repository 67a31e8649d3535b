"""The three things done with a run folder: train into it, judge it again, draw it again."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from vae_jax.command_line import Command
from vae_jax.config import Config, to_json
from vae_jax.data.dataset import Dataset
from vae_jax.data.sources import load
from vae_jax.errors import UserError
from vae_jax.evaluation.metrics import split_metrics
from vae_jax.objectives import Metrics
from vae_jax.progress import Progress
from vae_jax.run_folder import RunFolder, read_metrics, write_whole
from vae_jax.summary import closing_line, member_title, summarise
from vae_jax.sweep import expand, swept_fields
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.loop import Judge, Plan, Trainer, plan_of
from vae_jax.training.program import Members, check_names, check_sweep
from vae_jax.training.recorder import Recorder
from vae_jax.training.steps import TrainState

if TYPE_CHECKING:
    from vae_jax.report import MemberPage, Picture

log = logging.getLogger("vae_jax")


def train_run(command: Command, started: float) -> None:
    """Train a run from its start, or from its newest checkpoint, to its end, and write all about it.

    Args:
        command: what was asked for.
        started: when, by `time.perf_counter()`.

    Raises:
        UserError: something that the user gave can't be used; nothing was compiled or written then.
    """
    config = command.config
    assert config is not None, "training needs a config: the command line saw to that"
    folder = RunFolder(command.workdir)
    configs = check_config(config)
    folder.check(config)
    if folder.read_summary() is not None and folder.report.is_file():
        log.info("%s: finished already; the report lies at %s", folder.path, folder.report)
        return
    keep_compiled_programs()
    dataset = load(config.data)
    plan = plan_of(config, configs, dataset)
    folder.create(config)
    announce(dataset, plan)
    checkpoints = Checkpoints(folder.checkpoints, config.checkpoint.keep)
    trainer = Trainer(plan, dataset, checkpoints, started)
    state = trainer.restore()
    if state is not None:
        log.info("continuing after step %s of %s", f"{trainer.step:,}", f"{plan.total:,}")
    recorder = Recorder(folder.metrics, folder.tensorboard if config.log.tensorboard else None, from_step=trainer.step)
    progress = Progress(plan.total, trainer.step)

    def listen(line: dict[str, Any]) -> None:
        recorder.write(line)
        progress.show(line)

    try:
        state = trainer.run(state, judge_of(plan, dataset), listen)
    finally:
        progress.close()
        recorder.close()
    draw(folder, plan, dataset, state)
    checkpoints.close()
    write_end(folder, plan, dataset, trainer, {**trainer.seconds, "total": trainer.total_seconds()})
    log.info("report: %s", folder.report)


def evaluate_run(command: Command, started: float) -> None:
    """Judge a trained run on the test images again, and write its numbers and its report.

    Raises:
        UserError: there is no trained run, or its data are not there.
    """
    folder, plan, trainer, state, dataset = reopen(command, started)
    trainer.hear("test", judge_of(plan, dataset)(trainer.members, state))
    write_end(folder, plan, dataset, trainer, _seconds(folder, trainer))


def figures_of_run(command: Command, started: float) -> None:
    """Draw the figures and the report of a trained run again.

    Raises:
        UserError: there is no trained run, or its data are not there.
    """
    folder, plan, trainer, state, dataset = reopen(command, started)
    draw(folder, plan, dataset, state)
    write_end(folder, plan, dataset, trainer, _seconds(folder, trainer))
    log.info("report: %s", folder.report)


def _seconds(folder: RunFolder, trainer: Trainer) -> dict[str, float]:
    summary = folder.read_summary()
    return summary["seconds"] if summary else {**trainer.seconds, "total": trainer.total_seconds()}


def reopen(command: Command, started: float) -> tuple[RunFolder, Plan, Trainer, TrainState, Dataset]:
    """Read a run folder and its newest checkpoint.

    Raises:
        UserError: there is none, or it is not of this config or these data.
    """
    folder = RunFolder(command.workdir)
    config = folder.read_config()
    if command.config is not None:
        folder.check(command.config)
    configs = check_config(config)
    keep_compiled_programs()
    dataset = load(config.data)
    plan = plan_of(config, configs, dataset)
    trainer = Trainer(plan, dataset, Checkpoints(folder.checkpoints, config.checkpoint.keep), started)
    state = trainer.restore()
    if state is None:
        raise UserError(f"{folder.checkpoints}: no checkpoint yet; train the run first")
    return folder, plan, trainer, state, dataset


def check_config(config: Config) -> list[Config]:
    """Return each member's settings, once every name and every swept field is known to be good.

    Raises:
        UserError: one is not.
    """
    check_sweep(swept_fields(config))
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


def announce(dataset: Dataset, plan: Plan) -> None:
    """Say what is about to be trained, on what."""
    if dataset.notice:
        log.warning("%s", dataset.notice)
    members = f"{len(plan.configs)} members, " if len(plan.configs) > 1 else ""
    log.info(
        "%s: %s; %s training and %s test images; %s%s epochs of %s steps",
        dataset.name,
        dataset.source,
        f"{len(dataset.train):,}",
        f"{len(dataset.test):,}",
        members,
        plan.epochs,
        f"{plan.steps_per_epoch:,}",
    )


def judge_of(plan: Plan, dataset: Dataset) -> Judge:
    """Return the function that judges all members on the test images."""
    images = jnp.asarray(dataset.test.images)

    def judge(members: Members, state: TrainState) -> Metrics:
        batch = min(plan.config.eval.batch_size, len(images))
        metrics: Metrics = split_metrics(plan.program, batch, images, members, state.params, state.step)
        return metrics

    return judge


def draw(folder: RunFolder, plan: Plan, dataset: Dataset, state: TrainState) -> None:
    """Draw the figures of the first members, and the losses of all."""
    # matplotlib takes a second to import.
    from vae_jax.evaluation.sitting import sit
    from vae_jax.figures.gallery import LOSS_CURVES, draw_gallery, save_figures
    from vae_jax.figures.losses import loss_curves

    shown = min(plan.config.eval.figure_members, len(plan.configs))
    for k, member in enumerate(plan.configs[:shown]):
        params = jax.tree.map(lambda leaf, k=k: leaf[k], state.params)
        portrait = sit(plan.program, params, dataset, seed=member.seed, title=member_title(plan.config, member))
        suffix = f"_member{k}" if len(plan.configs) > 1 else ""
        save_figures(draw_gallery(portrait), folder.figures, suffix)
    lines = read_metrics(folder.metrics)
    title = (
        member_title(plan.config, plan.configs[0])
        if len(plan.configs) == 1
        else f"{plan.config.data.name}, all members"
    )
    save_figures({LOSS_CURVES[0]: loss_curves(lines, title, dataset.notice)}, folder.figures)


def write_end(folder: RunFolder, plan: Plan, dataset: Dataset, trainer: Trainer, seconds: dict[str, float]) -> None:
    """Write the report and, last of all, the summary: it says that the run is whole."""
    summary = summarise(
        plan.config,
        plan.configs,
        dataset,
        plan.program,
        seconds=seconds,
        train=trainer.last["train"],
        test=trainer.last["test"],
    )
    from vae_jax.report import render

    shared, members = pictures_of(folder, plan)
    write_whole(folder.report, render(summary, to_json(plan.config), shared, members))
    folder.write_summary(summary)
    log.info("%s", closing_line(summary))


def pictures_of(folder: RunFolder, plan: Plan) -> "tuple[list[Picture], list[MemberPage]]":
    """Find the figures in the run folder, those of all members and those of each."""
    from vae_jax.figures.gallery import FIGURES, LOSS_CURVES
    from vae_jax.report import MemberPage, Picture

    def existing(captions: dict[str, str], suffix: str) -> "list[Picture]":
        pictures = [Picture(caption, folder.figures / f"{name}{suffix}.png") for name, caption in captions.items()]
        return [picture for picture in pictures if picture.path.is_file()]

    captions = {name: caption for name, (caption, _) in FIGURES.items()}
    pages = []
    for k, member in enumerate(plan.configs):
        pictures = existing(captions, f"_member{k}" if len(plan.configs) > 1 else "")
        if pictures:
            pages.append(MemberPage(member_title(plan.config, member), pictures))
    return existing(dict([LOSS_CURVES]), ""), pages
