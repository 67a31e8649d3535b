"""Exporting one member of a sweep as a run folder of its own, as if it had been trained alone."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from vae_jax.config.fields import field_of, short_name
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import parse_values
from vae_jax.config.values import alike, shown
from vae_jax.core.atomic_files import write_text, written_atomically
from vae_jax.core.clock import Clock
from vae_jax.core.compile_cache import keep_compiled_programs
from vae_jax.core.errors import UserError, nearest
from vae_jax.objectives.contracts import larger_is_better
from vae_jax.reports.comparable import group_by_unit
from vae_jax.reports.summary import measured
from vae_jax.runs.command import Command, Pick
from vae_jax.runs.end_likelihood import keep_likelihood, kept_likelihood
from vae_jax.runs.evaluate_again import config_of, figures_of_run, reopen
from vae_jax.runs.folder import RunFolder, disk_errors_reported
from vae_jax.runs.plan import plan_run
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.extraction import state_alone
from vae_jax.training.groups import group_of, write_members
from vae_jax.training.loop import Trainer
from vae_jax.training.metrics_log import read_metrics

log = logging.getLogger("vae_jax")

# These don't measure how good a member is.
NOT_RANKED = (
    *("step", "epoch", "beta_kl", "nll_samples", "nll_standard_error"),
    *("active_units", "mutual_information", "aggregate_kl", "information_images"),
)


def export_member(command: Command, started: float) -> None:
    """Write one member of a trained run as an ordinary run folder, to be evaluated, drawn and continued alone.

    Raises:
        UserError: there is no such run or no such member, or the folder exists.
    """
    source = RunFolder(command.workdir)
    keep_compiled_programs()
    plan = plan_run(source, config_of(command, source))
    number = choose(command.pick, source, plan.members)
    group = next(group for group in plan.groups if number in group.numbers)
    target = RunFolder(command.out or source.path.with_name(f"{source.path.name}_member_{number}"))
    if target.path.exists():
        raise UserError(f"{target.path}: is there already; use another --out")
    if target.path.resolve().is_relative_to(source.path.resolve()):
        raise UserError(f"{target.path}: lies in the folder of the run that it comes from; use another --out")
    target.check(plan.members[number])
    ((trainer, state),) = reopen(plan, [group], Clock(started))
    with disk_errors_reported(target.path), written_atomically(target.path) as partial:
        write_alone(RunFolder(partial), trainer, number, state, read_metrics(source.metrics))
    figures_of_run(Command(None, target.path, "figures"), started)


def choose(pick: Pick, folder: RunFolder, members: dict[int, Config]) -> int:
    """Return the number of the member to export or to draw from.

    Raises:
        UserError: no member fits, or several.
    """
    given = {name: value for name, value in vars(pick).items() if value is not None}
    if len(given) != 1 and set(given) != {"where", "best"}:
        found = " and ".join(f"--{name}" for name in given) or "none of them"
        raise UserError(
            f"--member: found {found}; needs one of --member=K, --where=beta_kl=1, --best=test.elbo, or the last 2"
        )
    if pick.member is not None:
        if pick.member not in members:
            raise UserError(f"--member: found {pick.member}; the run has members {min(members)} to {max(members)}")
        return pick.member
    values = parse_values(pick.where) if pick.where is not None else {}
    if pick.best is None:
        return by_values(values, members, "--where")
    return number_of_best(pick.best, folder, "--best", with_values(values, members, "--where") if values else None)


def by_values(values: Mapping[str, Any], members: Mapping[int, Config], asked: str) -> int:
    """Return the number of the only member whose fields have these values.

    Args:
        values: by full names, such as `{"objective.beta_kl": 1.0, "model.hidden": (64,)}`.
        members: the settings of each.
        asked: how the error line begins.

    Raises:
        UserError: there is no such member, or several.
    """
    found = with_values(values, members, asked)
    if len(found) > 1:
        holds = f"{_given(values)} holds for {len(found)} members ({_listed(found)})"
        raise UserError(f"{asked}: {holds}; needs to hold for one")
    return found[0]


def with_values(values: Mapping[str, Any], members: Mapping[int, Config], asked: str) -> list[int]:
    """Return the numbers of the members whose fields have these values; see `by_values`.

    Raises:
        UserError: there is none.
    """
    found = [
        number
        for number, config in members.items()
        if all(alike(value, field_of(config, name)) for name, value in values.items())
    ]
    if not found:
        known = "".join(_values_of(name, members) for name in values)
        raise UserError(f"{asked}: {_given(values)} holds for 0 members; needs to hold for one{known}")
    return found


def _given(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{short_name(name)}={shown(value)}" for name, value in values.items())


def _values_of(name: str, members: Mapping[int, Config]) -> str:
    """List the members' values of a field."""
    values = dict.fromkeys(shown(field_of(config, name)) for config in members.values())
    return f"; {short_name(name)} is {_listed(list(values))}"


def _listed(found: Sequence[Any], separator: str = ", ") -> str:
    return separator.join([*map(str, found[:10]), *(["..."] if len(found) > 10 else [])])


def number_of_best(best: str, folder: RunFolder, asked: str, among: Sequence[int] | None = None) -> int:
    """Return the number of the member of a finished run that is best in a metric, such as `test.elbo`.

    Args:
        best: the metric.
        folder: of the run.
        asked: how the error line begins.
        among: the numbers of the members to choose from; None means all.

    Raises:
        UserError: the run is not finished, or has no such metric, or the members don't compare in it.
    """
    summary = folder.read_summary()
    if summary is None:
        raise UserError(f"{asked}: no whole {folder.summary}; let the run come to its end, or choose by number")
    best = str(best)
    split, _, metric = best.partition(".")
    choices = [member for member in summary["members"] if among is None or member["member"] in among]
    finished = [member for member in choices if member["failed_in_step"] is None]
    splits = ("validation", "test", "train")
    known = list(dict.fromkeys(f"{part}.{name}" for part in splits for each in finished for name in each.get(part, {})))
    if not known:
        raise UserError(
            f"{asked}: no member{'' if among is None else ' to choose from'} of {folder.path} came to a result; "
            "choose by number"
        )
    if best not in known:
        raise UserError(f"{asked}: found {best!r}; known are {', '.join(known)}{nearest(best, known)}")
    _check_comparable(best, known, summary, finished, asked)
    sign = 1 if larger_is_better(metric) else -1
    ranked = [member for member in finished if metric in member.get(split, {})]  # some may have no finite value
    chosen: dict[str, Any] = max(ranked, key=lambda member: sign * float(member[split][metric]))
    return int(chosen["member"])


def _check_comparable(
    best: str, known: Sequence[str], summary: dict[str, Any], members: Sequence[dict[str, Any]], asked: str
) -> None:
    """Refuse to rank members in a metric that does not compare between them, and name those that do."""

    def groups(name: str) -> list[str]:
        split, _, metric = name.partition(".")
        there = [member for member in members if metric in member.get(split, {})]
        return list(dict.fromkeys(group_by_unit([metric], [measured(summary, m, split) for m in there], ranked=True)))

    found = groups(best)
    if len(found) > 1:
        others = [name for name in known if name.partition(".")[2] not in NOT_RANKED and len(groups(name)) == 1]
        instead = f", or use a metric that compares ({', '.join(others)})" if others else ""
        which = "--where=FIELD=VALUE" if asked == "--best" else "FIELD=VALUE"
        raise UserError(
            f"{asked}: {best} compares only within members of one kind, found {_listed(found, ' | ')}; choose a kind "
            f"by {which} too{instead}"
        )


def write_alone(target: RunFolder, trainer: Trainer, number: int, state: Any, lines: Sequence[dict[str, Any]]) -> None:
    """Write the config, checkpoint, likelihood and metrics that a member's single run would have after as many steps.

    Args:
        target: the new run folder.
        trainer, state: of the member's group, at its newest checkpoint.
        number: the member's.
        lines: the metrics of the whole run.
    """
    index = trainer.group.numbers.index(number)
    config = trainer.group.configs[index]
    alone = group_of("group_0", [(0, config)], trainer.dataset)
    target.create(config)
    home: Path = target.checkpoints / alone.name
    write_members(home, alone)
    checkpoints = Checkpoints(home, config.checkpoint.keep)
    checkpoints.save(
        trainer.step, jax.device_get(state_alone(trainer.group, index, state)), trainer.record([index], [0])
    )
    checkpoints.close()
    if (likelihood := kept_likelihood(trainer)) is not None:
        keep_likelihood(home, trainer, [likelihood[index]])
    mine = [line | {"member": 0} for line in lines if line["member"] == number]
    write_text(target.metrics, "".join(json.dumps(line) + "\n" for line in mine))
