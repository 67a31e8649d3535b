"""A run from its first step, or from its newest checkpoint, to its last."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from vae_jax.config import Config
from vae_jax.data.dataset import Dataset
from vae_jax.errors import UserError
from vae_jax.objectives import Metrics, metric_lines
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.program import Members, Program, epoch_steps, members_of, program_of
from vae_jax.training.steps import TrainData, TrainState, init_state, train_block


@dataclass(frozen=True)
class Plan:
    """What will be trained, known before anything is compiled.

    Attributes:
        config: the settings of the whole run.
        configs: each member's settings, as it would have them alone.
        program: what they share.
        steps_per_epoch, epochs: how long.
        block: steps between two logged moments, compiled as one.
        evaluate_every, save_every: in epochs.
    """

    config: Config
    configs: tuple[Config, ...]
    program: Program
    steps_per_epoch: int
    epochs: int
    block: int
    evaluate_every: int
    save_every: int

    @property
    def total(self) -> int:
        """Steps of the run."""
        return self.steps_per_epoch * self.epochs


def plan_of(config: Config, configs: list[Config], dataset: Dataset) -> Plan:
    """Plan a run.

    Raises:
        UserError: a field doesn't fit the data.
    """
    # Swept fields only change numbers (`check_sweep`), so the first member's program is every member's.
    program, steps_per_epoch = program_of(configs[0], dataset), epoch_steps(configs[0], dataset)
    epochs = config.train.epochs
    block = config.log.every_steps or steps_per_epoch
    if steps_per_epoch % block:
        raise UserError(
            f"config.log.every_steps: found {block}, which does not divide an epoch of {steps_per_epoch} steps; "
            f"needs a divisor, such as {_divisor_near(steps_per_epoch, block)}"
        )
    return Plan(
        config=config,
        configs=tuple(configs),
        program=program,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        block=block,
        evaluate_every=config.eval.every_epochs or -(-epochs // 10),
        save_every=config.checkpoint.every_epochs or -(-epochs // 20),
    )


def _divisor_near(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wanted))


# Takes one line of metrics: one member, one split, one moment.
Listener = Callable[[dict[str, Any]], None]


# Judges all members on the test images; each metric is [members].
Judge = Callable[[Members, TrainState], Metrics]


@dataclass
class Trainer:
    """Trains the members of a plan on a data set, from wherever the checkpoints say.

    Attributes:
        plan: what to train.
        dataset: what on.
        checkpoints: where to save to and continue from.
        started: when the command started, by `time.perf_counter()`.
        step: how many steps were taken.
        seconds: `compile`, `train` and `total`, over all the times that the run was continued.
        last: the newest metrics of each split, a line a member.
    """

    plan: Plan
    dataset: Dataset
    checkpoints: Checkpoints
    started: float
    step: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("compile", "train", "total"), 0.0))
    last: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"train": [], "test": []})

    def __post_init__(self) -> None:
        """Put the members' numbers on the device."""
        self.members = members_of(self.plan.configs, self.plan.steps_per_epoch)

    def restore(self) -> TrainState | None:
        """Read the newest checkpoint.

        Raises:
            UserError: it was made from other data, or none can be read.
        """
        template = jax.eval_shape(partial(init_state, self.plan.program), self.members)
        found = self.checkpoints.restore(template)
        if found is None:
            return None
        state: TrainState = found[0]
        record = found[1]
        if record["data"] != self.dataset.fingerprint:
            raise UserError(
                f"config.data: the run's checkpoint was trained on other images (fingerprint {record['data']}, found "
                f"{self.dataset.fingerprint} from {self.dataset.source}); give it the same data or another --workdir"
            )
        self.step, self.seconds, self.last = record["step"], record["seconds"], record["last"]
        return state

    def run(self, state: TrainState | None, judge: Judge, listen: Listener) -> TrainState:
        """Train to the last step.

        Args:
            state: from `restore`, or None to start; it is donated.
            judge: called at every evaluation.
            listen: called with every logged line.

        Returns:
            the state of all members after the last step.
        """
        plan = self.plan
        begun = time.perf_counter()
        data = TrainData(jnp.asarray(self.dataset.train.images), jnp.asarray(self.dataset.draws))
        if state is None:
            state = init_state(plan.program, self.members)
        compiled = train_block.lower(plan.program, plan.block, data, self.members, state).compile()
        self.seconds["compile"] += time.perf_counter() - begun
        begun = time.perf_counter()
        while self.step < plan.total:
            state, metrics = compiled(data, self.members, state)
            self.step += plan.block
            self.hear("train", metrics, listen)
            if self._ends(plan.evaluate_every):
                self.hear("test", judge(self.members, state), listen)
            if self._ends(plan.save_every):
                now = time.perf_counter()
                self.seconds["train"] += now - begun
                begun = now
                self._save(state)
        self.seconds["train"] += time.perf_counter() - begun
        return state

    def total_seconds(self) -> float:
        """Seconds since the command started, and those before the newest checkpoint of a continued run."""
        return self.seconds["total"] + time.perf_counter() - self.started

    def _ends(self, every: int) -> bool:
        """Whether an epoch ends here after which something is due: every so many, and at the last."""
        epoch, within = divmod(self.step, self.plan.steps_per_epoch)
        return not within and (epoch % every == 0 or self.step == self.plan.total)

    def hear(self, split: str, metrics: Metrics, listen: Listener | None = None) -> None:
        """Keep metrics, each `[members]`, as the newest of a split, and pass them on.

        Args:
            split: `train` or `test`.
            metrics: each `[members]`.
            listen: called with every member's line.
        """
        epoch = self.step / self.plan.steps_per_epoch
        lines = [
            {"step": self.step, "epoch": epoch, "member": member, "split": split, **values}
            for member, values in enumerate(metric_lines(metrics))
        ]
        self.last[split] = lines
        if listen is not None:
            for line in lines:
                listen(line)

    def _save(self, state: TrainState) -> None:
        record = {
            "step": self.step,
            "seconds": {**self.seconds, "total": self.total_seconds()},
            "last": self.last,
            "data": self.dataset.fingerprint,
        }
        self.checkpoints.save(self.step, state, record)
