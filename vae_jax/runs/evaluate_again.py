"""Evaluating a trained run again, or drawing its figures again."""

import logging
from collections.abc import Iterator, Sequence

from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, differences, fields_of
from vae_jax.config.schema import Config
from vae_jax.core.clock import Clock
from vae_jax.core.compile_cache import keep_compiled_programs
from vae_jax.core.errors import NoResultError, UserError
from vae_jax.core.plain_text import printable
from vae_jax.core.progress import Progress
from vae_jax.data.sources.arrays import GivenArrays
from vae_jax.evaluation.metrics import evaluator_of
from vae_jax.runs.command import Command
from vae_jax.runs.end_likelihood import add_likelihood
from vae_jax.runs.figures import RunFigures
from vae_jax.runs.finish import results_of, write_end
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import Plan, plan_run
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.groups import Group, write_members
from vae_jax.training.loop import Trainer
from vae_jax.training.memory import layout_of
from vae_jax.training.steps import TrainState

log = logging.getLogger("vae_jax")

FREE = (Role.PLACE, Role.UPKEEP, Role.PICTURES, Role.EVALUATED)  # fields that may differ from those of the training


def evaluate_run(command: Command, started: float, given: GivenArrays | None = None) -> None:
    """Evaluate a trained run on the held-out images again, and write its summary and report.

    Args:
        command: names the run folder.
        started: `time.perf_counter()` at the command's start.
        given: the images that it was trained on, where they were given as arrays.

    Raises:
        UserError: there is no trained run, or its data are missing.
    """
    _finish_again(command, started, given, draw=False)


def figures_of_run(command: Command, started: float, given: GivenArrays | None = None) -> None:
    """Draw the figures of a trained run again, and write its report; see `evaluate_run`.

    Raises:
        NoResultError: some figures could not be drawn; the others are written.
        UserError: there is no trained run, or its data are missing.
    """
    failed = _finish_again(command, started, given, draw=True)
    log.info("report: %s", printable(str(RunFolder(command.workdir).report)))
    if failed:
        raise NoResultError(f"{command.workdir}: some pictures could not be made ({', '.join(failed)})")


def _finish_again(command: Command, started: float, given: GivenArrays | None, *, draw: bool) -> list[str]:
    """Draw or evaluate all groups of a trained run, and write its report; return the figures that failed."""
    folder = RunFolder(command.workdir)
    keep_compiled_programs()
    plan = plan_run(folder, config_of(command, folder, Role.PICTURES if draw else Role.EVALUATED), given)
    clock, results = Clock(started), []
    totals = {"compile": 0.0, "train": 0.0}
    with folder.occupied(), Progress("reading the checkpoint") as progress:
        run_figures = RunFigures(plan, progress.say)
        summary = folder.read_summary()
        folder.create(plan.config)
        for group in plan.groups:
            write_members(folder.checkpoints / group.name, group)
        for trainer, state in reopen(plan, plan.groups, clock):
            progress.say("drawing" if draw else "evaluating")
            if not draw:
                evaluate = evaluator_of(trainer.group, trainer.layout, trainer.dataset)
                for split, metrics in evaluate(trainer.members, trainer.spread(state.at_best())).items():
                    trainer.report(split, trainer.table(metrics))
            add_likelihood(trainer, state, progress.say, anew=not draw)
            if draw:
                run_figures.draw_each(trainer.group, state)
            results += results_of(trainer)
            totals = {name: value + trainer.seconds[name] for name, value in totals.items()}
        plan.keep_test_images()
        if draw:
            run_figures.draw_together()
        progress.say("writing the report")
        seconds = summary["seconds"] if summary else {**totals, "total": clock.before}
        write_end(plan, results, seconds, run_figures)
    return list(run_figures.failed)


def config_of(command: Command, folder: RunFolder, *more: Role) -> Config:
    """Return a run's settings, with the fields of the roles PLACE, UPKEEP and `more` from the command, if it has any.

    Raises:
        UserError: there is no run, or the command's settings are not the run's.
    """
    config = folder.read_config()
    if command.config is None:
        return config
    folder.check(command.config)
    untrained = list(differences(config, adopt(command.config, config, fields_of(*FREE))))
    if untrained:
        raise UserError(
            f"{folder.path}: not trained with these settings ({'; '.join(untrained)}); leave them out, or continue the "
            "run with them first"
        )
    return adopt(config, command.config, fields_of(Role.PLACE, Role.UPKEEP, *more))


def reopen(plan: Plan, groups: Sequence[Group], clock: Clock) -> Iterator[tuple[Trainer, TrainState]]:
    """Read the newest checkpoints of some of a plan's groups.

    Raises:
        UserError: one has none, or was trained on other data.
    """
    for group in groups:
        home, dataset = plan.folder.checkpoints / group.name, plan.dataset(group)
        checkpoints = Checkpoints(home, group.configs[0].checkpoint.keep)
        trainer = Trainer(group, dataset, layout_of(group, dataset), checkpoints, clock)
        state = trainer.restore()
        if state is None:
            raise UserError(f"{home}: no checkpoint yet; train the run first")
        clock.resume(trainer.seconds["total"])
        yield trainer, state
        checkpoints.close()
