"""The best step of each member, by a metric on held-out images, and members that stop when none is better for long."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from vae_jax.config.schema import Config, TrainConfig
from vae_jax.core.errors import UserError
from vae_jax.objectives.contracts import larger_is_better
from vae_jax.training.groups import Group
from vae_jax.training.steps import NEVER, TrainState

log = logging.getLogger("vae_jax")

# Of each split, the metrics of every member.
Lines = Mapping[str, Sequence[dict[str, Any]]]

SPLITS = ("validation", "test")


class Criterion(NamedTuple):
    """The metric by which steps are compared, and the split that it is measured on."""

    split: str
    metric: str

    def is_better(self, value: float, best: float) -> bool:
        """Whether a value is finite and better than the best one, which may be NaN."""
        if not math.isfinite(value) or not math.isfinite(best):
            return math.isfinite(value)
        return value > best if larger_is_better(self.metric) else value < best


def criterion_of(train: TrainConfig) -> Criterion:
    """Read `train.best_by`.

    Raises:
        UserError: it names no split.
    """
    split, _, metric = train.best_by.partition(".")
    if split not in SPLITS or not metric:
        raise UserError(
            f"config.train.best_by: found {train.best_by!r}; needs a split ({' or '.join(SPLITS)}) and a metric, such "
            "as validation.elbo"
        )
    return Criterion(split, metric)


def check_criterion(config: Config, splits: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
    """Make sure that the metric that decides which step is best will be there.

    Args:
        config: a member's settings.
        splits: the held-out splits by name.
        metrics: those of its objective by name.

    Raises:
        UserError: there are no such images, or there is no such metric.
    """
    if not config.train.compares_steps:
        return
    needed_by = "keep_best" if config.train.keep_best else "patience"
    split, metric = criterion_of(config.train)
    if split not in splits:
        raise UserError(
            f"config.train.{needed_by}: found {getattr(config.train, needed_by)!r} without validation images; set "
            "config.data.validation_fraction, or config.train.best_by to a metric of the test images"
        )
    if metric not in metrics:
        raise UserError(
            f"config.train.best_by: {metric!r} is no metric of config.objective.name={config.objective.name}; needs "
            f"one of {', '.join(name for name in metrics if name != 'beta_kl')}"
        )


@dataclass
class BestSteps:
    """The best step of each member so far, and which members stopped.

    Attributes:
        values: of the metric in the best step; NaN before the first evaluation.
        steps: the best step, or `NEVER`.
        lines: the metrics of each split in the best step.
        ended: the step after which a member was out of patience, or `NEVER`.
    """

    values: list[float]
    steps: list[int]
    lines: list[dict[str, dict[str, Any]]]
    ended: list[int]

    @classmethod
    def none(cls, members: int) -> "BestSteps":
        """Return the record of members that were not evaluated yet."""
        return cls([math.nan] * members, [NEVER] * members, [{} for _ in range(members)], [NEVER] * members)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "BestSteps":
        """Return what `record` wrote into a checkpoint."""
        values = [math.nan if value is None else value for value in record["values"]]
        return cls(values, record["steps"], record["lines"], record["ended"])

    def record(self, places: Sequence[int], numbers: Sequence[int]) -> dict[str, Any]:
        """Return what a checkpoint of some members keeps, as JSON; see `Trainer.record`."""
        return {
            "values": [self.values[k] if math.isfinite(self.values[k]) else None for k in places],
            "steps": [self.steps[k] for k in places],
            "lines": [
                {split: line | {"member": number} for split, line in self.lines[k].items()}
                for k, number in zip(places, numbers, strict=True)
            ],
            "ended": [self.ended[k] for k in places],
        }

    def compare(self, group: Group, step: int, last: Lines, stopped: Sequence[bool]) -> list[bool]:
        """Compare the metrics of a step with the best ones; members out of patience stop, which is logged.

        Args:
            group: the members.
            step: how many steps were taken.
            last: the newest metrics of each split, one line per member.
            stopped: which members take no more steps; their best step stays.

        Returns:
            which members are better than in any step before.
        """
        better = [False] * len(stopped)
        for k in (k for k, has_stopped in enumerate(stopped) if not has_stopped):
            train, epoch = group.configs[k].train, group.steps_per_epoch
            criterion = criterion_of(train)
            value = last[criterion.split][k][criterion.metric]
            better[k] = criterion.is_better(value, self.values[k])
            if better[k]:
                self.values[k], self.steps[k] = value, step
                self.lines[k] = {split: lines[k] for split, lines in last.items()}
            elif 0 < train.patience * epoch <= step - max(self.steps[k], 0) and step < group.total:
                self.ended[k] = step
                log.info(
                    f"member {group.numbers[k]}: stops after epoch {step // epoch:,}; its {criterion.split} "
                    f"{criterion.metric} was best in epoch {self.steps[k] // epoch:,} ({self.values[k]:.6g})"
                )
        return better


@jax.jit
def keep_best(state: TrainState, better: Bool[Array, " members"]) -> TrainState:
    """Return the state in which members that are better now have their current weights as the best ones."""

    def kept(new: Array, old: Array) -> Array:
        return jnp.where(better.reshape(-1, *(1 for _ in new.shape[1:])), new, old)

    now = {"params": state.evaluated, "variables": state.variables, "step": state.step}
    return state._replace(best=jax.tree.map(kept, now, state.best))
