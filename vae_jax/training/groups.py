"""Which members train together: those of one program, started at the same time.

Each group has a checkpoint folder of its own with a list of its members, so that a sweep that grows trains only the
new ones.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, differences, fields_of
from vae_jax.config.growth import identity
from vae_jax.config.schema import Config, from_kept, to_dict
from vae_jax.core.atomic_files import write_text
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Sizes
from vae_jax.training.spec import Spec, check_length, epoch_steps, spec_of, without_latent_dim

MEMBERS_FILE = "members.json"


@dataclass(frozen=True)
class Group:
    """Members that are trained together.

    Attributes:
        name: of its folder below the run's checkpoints.
        numbers: each member's number in the run.
        configs: each member's settings, as of a single run.
        spec: what they share.
        steps_per_epoch, epochs: the length of the training.
        block: steps between two logged moments, compiled as one.
        evaluate_every, save_every: in epochs.
    """

    name: str
    numbers: tuple[int, ...]
    configs: tuple[Config, ...]
    spec: Spec
    steps_per_epoch: int
    epochs: int
    block: int
    evaluate_every: int
    save_every: int

    @property
    def total(self) -> int:
        """Steps of the run."""
        return self.steps_per_epoch * self.epochs


# Members' numbers and settings.
Numbered = list[tuple[int, Config]]


def number_members(configs: Sequence[Config], recorded: Sequence[Numbered]) -> list[Numbered]:
    """Give every member its number: the one that it has already, or the next.

    Args:
        configs: the members' current settings.
        recorded: the members of each started group.

    Returns:
        the members of each started group with their current settings, and last the new members.
    """
    now = _paired([config for members in recorded for _, config in members], configs)
    started = [[(number, now[config]) for number, config in members] for members in recorded]
    taken = set(now.values())
    first = 1 + max((number for members in started for number, _ in members), default=-1)
    new = [config for config in configs if config not in taken]
    return [*started, list(enumerate(new, first))]


def _paired(started: Sequence[Config], configs: Sequence[Config]) -> dict[Config, Config]:
    """Find the current settings of each started member: equal ones if there are, else the most similar."""
    left, now = dict.fromkeys(configs), dict[Config, Config]()
    for likeness in (lambda config: config, lambda config: identity(config, Role.EXTENT), identity):
        alike: dict[Config, list[Config]] = {}
        for config in left:
            alike.setdefault(likeness(config), []).append(config)
        for config in started:
            if config not in now and alike.get(likeness(config)):
                now[config] = alike[likeness(config)].pop(0)
                del left[now[config]]
    return now


# The data that a member with these settings is trained on.
DataOf = Callable[[Config], Sizes]


def plan_groups(
    configs: Sequence[Config], data_of: DataOf, checkpoints: Path, most: Callable[[Spec, Config], int]
) -> list[Group]:
    """Plan the groups of a run.

    Args:
        configs: every member's settings.
        data_of: gives the data of each.
        checkpoints: the folder of the started groups.
        most: how many members of a spec, with settings like these, may be trained together.

    Raises:
        UserError: a field doesn't fit the data, or a group's list of members can't be read.
    """
    names = sorted((path.parent.name for path in checkpoints.glob(f"*/{MEMBERS_FILE}")), key=lambda n: (len(n), n))
    *started, new = number_members(configs, [read_members(checkpoints / name) for name in names])
    for members in started:
        if len(parts := _compatible(members, data_of)) > 1:
            one, other = parts[0][0], parts[1][0]
            fields = "; ".join(differences(one[1], other[1], Role.EXTENT, Role.PLACE, Role.UPKEEP, Role.EVALUATED))
            raise UserError(
                f"config.sweep: members {one[0]} and {other[0]} began together and can't differ now ({fields}); use "
                "another workdir"
            )
    groups = [group_of(name, members, data_of(members[0][1])) for name, members in zip(names, started, strict=True)]
    free = (f"group_{k}" for k in range(len(names) + len(new) + 1) if f"group_{k}" not in names)
    for members in _compatible(new, data_of):
        dataset = data_of(members[0][1])
        size = most(spec_of([config for _, config in members], dataset), members[0][1])
        for start in range(0, len(members), size):
            groups.append(group_of(next(free), members[start : start + size], dataset))
    return groups


def _compatible(members: Numbered, data_of: DataOf) -> list[Numbered]:
    """Group members with the same data, program, length, devices and logged moments."""
    groups: dict[Any, Numbered] = {}
    kept = fields_of(Role.UPKEEP, Role.EVALUATED)
    for number, config in members:
        unsized = without_latent_dim(config)
        dataset = data_of(config)
        length, upkeep = (config.train.epochs, epoch_steps(config, dataset)), adopt(Config(), config, kept)
        key = (config.data.images, spec_of([unsized], dataset), length, upkeep)
        groups.setdefault(key, []).append((number, config))
    return list(groups.values())


def group_of(name: str, members: Numbered, dataset: Sizes) -> Group:
    """Make a group of members with the same program and length.

    Raises:
        UserError: a field doesn't fit the data.
    """
    configs = tuple(config for _, config in members)
    config, epochs = configs[0], configs[0].train.epochs
    steps_per_epoch = epoch_steps(config, dataset)
    check_length(config, steps_per_epoch)
    block = config.log.every_steps or steps_per_epoch
    if steps_per_epoch % block:
        raise UserError(
            f"config.log.every_steps: found {block}, which does not divide an epoch of {steps_per_epoch} steps; "
            f"needs a divisor, such as {_divisor_near(steps_per_epoch, block)}"
        )
    if config.train.batch_size % config.train.data_devices:
        raise UserError(
            f"config.train.data_devices: found {config.train.data_devices}, which does not divide the batch of "
            f"{config.train.batch_size}; needs a divisor"
        )
    if config.train.data_devices > 1 and any(each.objective.free_bits for each in configs):
        raise UserError(
            f"config.train.data_devices: found {config.train.data_devices} with free_bits, which count over a whole "
            "batch; needs 1"
        )
    return Group(
        name=name,
        numbers=tuple(number for number, _ in members),
        configs=configs,
        spec=spec_of(configs, dataset),
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        block=block,
        evaluate_every=config.eval.every_epochs or -(-epochs // evaluations(config, steps_per_epoch, dataset)),
        save_every=config.checkpoint.every_epochs or -(-epochs // saves(config, steps_per_epoch)),
    )


def evaluations(config: Config, steps_per_epoch: int, dataset: Sizes) -> int:
    """Choose how often to evaluate: ten times in a run, fewer if that took over a twentieth of the arithmetic.

    Where the best step matters, every epoch, fewer if that took over a sixth. A training step costs as much as
    evaluating three batches: backward costs twice as much as forward.
    """
    passes = 3 * config.train.epochs * steps_per_epoch * config.train.batch_size
    most, share = (config.train.epochs, 1 / 6) if config.train.compares_steps else (10, 1 / 20)
    return min(most, max(1, int(share * passes / (len(dataset.validation) + len(dataset.test)))))


def saves(config: Config, steps_per_epoch: int) -> int:
    """Choose how often to save: twenty times in a run, fewer (at least four) if that took over a fiftieth of it.

    A checkpoint of the post's MNIST model takes as long as training on about a thousand images.
    """
    images = config.train.epochs * steps_per_epoch * config.train.batch_size
    return min(20, max(4, images // 50_000))


def _divisor_near(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wanted))


def write_members(folder: Path, group: Group) -> None:
    """Write the list of a group's members into its folder, atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    members = [
        {"member": number, "config": to_dict(config)}
        for number, config in zip(group.numbers, group.configs, strict=True)
    ]
    write_text(folder / MEMBERS_FILE, json.dumps(members))


def read_members(folder: Path) -> Numbered:
    """Read the members of a group.

    Raises:
        UserError: the list is damaged.
    """
    file = folder / MEMBERS_FILE
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return [(int(entry["member"]), from_kept(entry["config"])) for entry in found]
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        raise UserError(f"{file}: can't be read ({error}); restore it or use another workdir") from None
