"""Reading trained members from their run folder."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import jax

from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.jax_settings import check_jax
from vae_jax.core.user_paths import from_home
from vae_jax.data.kept_data import KeptData, read_kept
from vae_jax.reports.summary import member_title
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.members import started_groups
from vae_jax.runs.trained import Trained
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.extraction import spec_alone, state_alone, state_shapes
from vae_jax.training.groups import Group, Numbered, group_of
from vae_jax.training.non_finite import failed_for_good
from vae_jax.training.steps import TrainState

log = logging.getLogger("vae_jax")


def load_run(folder: Path | str, member: int | None = None, *, last: bool = False) -> Trained:
    """Read a trained member from a run folder, at its newest checkpoint.

    Args:
        folder: the run's.
        member: its number; not needed if the run has only one.
        last: read the weights of the last step also where those of the best step are kept (`train.keep_best`).

    Raises:
        UserError: there is no trained run, or no such member; or its `data.npz` is missing, damaged or of other data;
            or JAX can't be used with its settings.
    """
    check_jax()
    run = RunFolder(from_home(folder))
    config, groups = run.read_config(), started_groups(run)
    number = _chosen(run, member, sorted(number for members in groups.values() for number, _ in members))
    name = next(name for name, members in groups.items() if number in dict(members))
    return _reader(run, config, name, groups[name], last=last)(number)


def load_members(folder: Path | str, wanted: Iterable[int], step: int | None = None) -> Iterator[Trained]:
    """Read several trained members from a run folder, each checkpoint once.

    Args:
        folder: the run's.
        wanted: their numbers; they are yielded in the order of their groups.
        step: of the checkpoint to read, for the weights of this step; None means the newest checkpoint, and the weights
            of the best step where they are kept.

    Raises:
        UserError: there is no trained run, or no such checkpoint.
    """
    run, numbers = RunFolder(from_home(folder)), set(wanted)
    config = run.read_config()
    for name, members in started_groups(run).items():
        here = [number for number, _ in members if number in numbers]
        yield from map(_reader(run, config, name, members, step, last=step is not None), here) if here else ()


def saved_steps(folder: Path | str) -> list[int]:
    """Return the steps that all members of a run have a checkpoint of, in order."""
    run = RunFolder(from_home(folder))
    steps = [set(Checkpoints(run.checkpoints / name, keep=1, tidy=False).steps()) for name in started_groups(run)]
    return sorted(set.intersection(*steps))


def _reader(
    run: RunFolder, config: Config, name: str, members: Numbered, step: int | None = None, *, last: bool
) -> Callable[[int], Trained]:
    """Read a group, and return a function from a member's number to the member."""
    data = run.data(config, members[0][1])
    kept = read_kept(data)
    group = group_of(name, members, kept)
    state = _state(run, group, kept, data, step)

    def member_of(number: int) -> Trained:
        index = group.numbers.index(number)
        alone, own = group.configs[index], state_alone(group, index, state)
        if failed_for_good(alone, failed := int(state.failed[index])):
            log.warning("member %s failed in step %s; its weights are from before this step", number, f"{failed:,}")
        return Trained(
            folder=run.path,
            member=number,
            config=alone,
            spec=spec_alone(group, index),
            weights=jax.tree.map(lambda leaf: leaf[0], (own if last else own.at_best()).weights),
            title=member_title(config, alone),
            test=kept.test,
            class_names=kept.class_names,
            template=kept.template,
            notice=kept.notice,
        )

    return member_of


def _chosen(run: RunFolder, member: int | None, known: list[int]) -> int:
    there = f"members {known[0]} to {known[-1]}" if len(known) > 1 else f"member {known[0]} only"
    if member is None and len(known) > 1:
        raise UserError(
            f"{run.path}: a sweep with {there}; needs the number of a member (members.csv says which is which)"
        )
    if member is not None and member not in known:
        raise UserError(f"member: found {member}; {run.path} has {there}")
    return known[0] if member is None else member


def _state(run: RunFolder, group: Group, kept: KeptData, data: Path, step: int | None) -> TrainState:
    """Read the newest state of a group, or that of a step, rounded to the precision of this process."""
    checkpoints = Checkpoints(run.checkpoints / group.name, keep=1, tidy=False)
    found = checkpoints.restore(state_shapes(group.spec, group.configs), step, cast=True)
    checkpoints.close()
    if found is None:
        if step is None:
            raise UserError(f"{checkpoints.folder}: no checkpoint yet; train the run first")
        known = ", ".join(map(str, checkpoints.steps()))
        raise UserError(f"{checkpoints.folder}: found none of step {step}; has {known}")
    state, record = found
    if record["data"] != kept.fingerprint:
        raise UserError(f"{data}: of other data than the checkpoint's; run --mode=evaluate where the data are")
    return state
