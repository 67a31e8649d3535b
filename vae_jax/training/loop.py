"""A group from its first step, or from its newest checkpoint, to its last."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Dataset
from vae_jax.objectives.contracts import Metrics
from vae_jax.training.blocks import Begun, Block, compile_block, part_steps
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.examples import train_data
from vae_jax.training.extraction import state_shapes
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters, hyperparameters_of
from vae_jax.training.non_finite import failed_for_good, faulty_quantity, put_back
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import NEVER, TrainState, init_state

log = logging.getLogger("vae_jax")

MOST_SETBACKS = 3  # of one member, until it stops for good, or is not spoken of any more if it skips

# Takes one line of metrics: one member, one split, one moment.
Listener = Callable[[dict[str, Any]], None]


# Evaluates all members on the held-out images: the metrics of each split, each [members].
Evaluator = Callable[[Hyperparameters, TrainState], dict[str, Metrics]]

# Calls what returns when a result is there, and says whether it is; only where it may be given up is it ever not.
Wait = Callable[[Callable[[], object], bool], bool]


@runtime_checkable
class Watch(Protocol):
    """Is told what is being done, and of every few steps that were taken."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Called with what is being done from now on, and whether its time comes again with every step."""

    def advance(self, count: int = 1) -> None:
        """Called from another thread with the number of steps that were taken."""


class Unwatched:
    """Watches nothing."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""


QUICK = 1.0  # seconds: after a block that took longer, the state is copied before the next, which may be given up


def wait_for_all(arrival: Callable[[], object], may_be_given_up: bool) -> bool:
    """Wait for every result, however long it takes."""
    del may_be_given_up
    arrival()
    return True


def check_goes_on(record: Mapping[str, Any], group: Group, dataset: Dataset) -> None:
    """See that a group can go on from a checkpoint.

    Args:
        record: the checkpoint's.
        group: as it shall go on.
        dataset: what on.

    Raises:
        UserError: it was made from other images, or between two moments that are logged now.
    """
    if record["data"] != dataset.fingerprint:
        raise UserError(
            f"config.data: the run's checkpoint was trained on other images (fingerprint {record['data']}, found "
            f"{dataset.fingerprint} from {dataset.source}); give it the same data (config.data.raw_dir says where they "
            "are; arrays are given in the same order) or another workdir"
        )
    if record["step"] % group.block:
        raise UserError(
            f"config.log.every_steps: found a moment every {group.block} steps, which does not divide the "
            f"{record['step']:,} that were taken; needs a divisor, such as what the run was begun with"
        )


def _arrive(begun: Begun, watch: Watch) -> None:
    """Wait for a block of steps, and tell of every part of it."""
    for steps, there in begun.parts:
        there.block_until_ready()
        watch.advance(steps)
    begun.state.step.block_until_ready()


@dataclass
class Trainer:
    """Trains the members of a group on a data set, from wherever the checkpoints say.

    Attributes:
        group: what to train.
        dataset: what on.
        layout: where.
        checkpoints: where to save to and continue from.
        clock: seconds since the command started, and those of the run before it.
        step: how many steps were taken.
        seconds: `compile`, `train` and `total`, over all the times that the run was continued.
        last: the newest metrics of each split, a line a member.
        failed: the step in which each member failed, or the newest that it skipped, or `NEVER`.
        setbacks: how often each member was found to have failed.
        saved: the step of the newest checkpoint.
    """

    group: Group
    dataset: Dataset
    layout: Layout
    checkpoints: Checkpoints
    clock: Callable[[], float]
    step: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("compile", "train", "total"), 0.0))
    last: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    saved: int = NEVER

    def __post_init__(self) -> None:
        """Put the members' numbers on the devices."""
        self.count = len(self.group.configs)
        self.failed = [NEVER] * self.count
        self.setbacks = [0] * self.count
        self.members: Hyperparameters = self.spread(hyperparameters_of(self.group.configs, self.group.steps_per_epoch))

    def restore(self) -> TrainState | None:
        """Read the newest checkpoint.

        Raises:
            UserError: it was made from other data, or none can be read.
        """
        found = self.checkpoints.restore(state_shapes(self.group))
        if found is None:
            return None
        state: TrainState = found[0]
        record = found[1]
        check_goes_on(record, self.group, self.dataset)
        self.step, self.seconds, self.last = record["step"], record["seconds"], record["last"]
        self.failed = state.failed.tolist()
        self.setbacks = record.get("setbacks", self.setbacks)
        self.saved = self.step
        return state

    def run(
        self,
        state: TrainState | None,
        evaluate: Evaluator,
        listen: Listener,
        stop: Callable[[], bool] = lambda: False,
        wait: Wait = wait_for_all,
        watch: Watch | None = None,
    ) -> TrainState:
        """Train to the last step, or until asked to stop.

        Args:
            state: from `restore`, or None to start.
            evaluate: called at every evaluation.
            listen: called with every logged line.
            stop: asked before every block of steps; if it says so the state is saved, and that was all.
            wait: called for the results of every block of steps and of the evaluation after it; what it gives up is as
                if it had never begun, and the state from before it is saved.
            watch: told what is being done, and of the steps that were taken.

        Returns:
            the state of all members after the last step that was taken.
        """
        if state is not None and self.step >= self.group.total:
            return state
        watch = watch or Unwatched()
        watch.say("compiling", counts=False)
        block, spread = self._compiled(state)
        evaluated = False
        self.began = time.perf_counter()
        restores = any(config.train.on_nan == "restore" for config in self.group.configs)
        lasted = math.inf
        while self.step < self.group.total and not stop() and not all(self.stopped):
            before = jax.tree.map(jnp.copy, spread) if restores or lasted > QUICK else None  # the state is donated
            start, counts = time.perf_counter(), (self.step, self.failed, [*self.setbacks])
            tested = None
            watch.say("training")
            begun = block(self.members, spread)
            spread, metrics = begun.state, begun.metrics
            arrived = wait(partial(_arrive, begun, watch), before is not None)
            del begun  # it holds a state that may be put back
            if arrived:
                self.step += self.group.block
                spread = self.note_failures(spread, before)
                if self._ends(self.group.evaluate_every):
                    watch.say("evaluating", counts=evaluated)  # the first time it is compiled too
                    tested = evaluate(self.members, spread)
                    arrived, evaluated = wait(partial(jax.block_until_ready, tested), before is not None), True
            if not arrived:
                assert before is not None, "else it is waited for"
                spread, (self.step, self.failed, self.setbacks) = before, counts
                break
            lasted = time.perf_counter() - start
            self.note_metrics("train", metrics, listen)
            for split, found in (tested or {}).items():
                self.note_metrics(split, found, listen)
            if self._ends(self.group.save_every):
                watch.say("saving")
                self._save(spread)
        if self.step != self.saved:
            watch.say("saving")
            self._save(spread)
        gathered: TrainState = self._gathered(spread)
        return gathered

    def _compiled(self, state: TrainState | None) -> tuple[Block, TrainState]:
        """Compile a block of steps, and spread the state to start from over the devices."""
        begun, group, layout = time.perf_counter(), self.group, self.layout
        data = layout.place(train_data(self.dataset), shared=True)
        spread = init_state(group.spec, layout, self.members) if state is None else self.spread(state)
        block = compile_block(group, layout, data, self.members, spread, part_steps(group, layout))
        self.seconds["compile"] += time.perf_counter() - begun
        return block, spread

    def spread(self, tree: Any) -> Any:
        """Put arrays with a members axis on the devices, the last member repeated where the layout needs more."""
        missing = self.layout.padded(self.count) - self.count
        if missing:
            tree = jax.tree.map(lambda leaf: jnp.concatenate([leaf, jnp.repeat(leaf[-1:], missing, axis=0)]), tree)
        return self.layout.place(tree)

    def _gathered(self, tree: Any) -> Any:
        """Leave out the members that were repeated."""
        if self.layout.padded(self.count) == self.count:
            return tree
        return jax.tree.map(lambda leaf: leaf[: self.count], tree)

    @property
    def stopped(self) -> list[bool]:
        """Which members failed for good."""
        return [failed_for_good(*pair) for pair in zip(self.group.configs, self.failed, strict=True)]

    def note_failures(self, state: TrainState, before: TrainState | None) -> TrainState:
        """Say which members failed since the last look, and put those back that shall go on from there.

        Args:
            state: of all members.
            before: at the last look, where a member may want it.

        Returns:
            the state to go on with.
        """
        known, self.failed = self.failed, jax.device_get(state.failed)[: self.count].tolist()
        for k, (config, number) in enumerate(zip(self.group.configs, self.group.numbers, strict=True)):
            if self.failed[k] == known[k]:
                continue
            self.setbacks[k] += 1
            goes_on = self.setbacks[k] <= MOST_SETBACKS
            if config.train.on_nan == "skip" and not goes_on:
                continue
            quantity = faulty_quantity(self.group, k, self.dataset, state)
            found = f"member {number}: in step {self.failed[k]:,} {quantity}"
            if config.train.on_nan == "skip":
                last = "; no more of them are named" if self.setbacks[k] == MOST_SETBACKS else ""
                log.warning("%s; such steps are skipped%s", found, last)
            elif config.train.on_nan == "restore" and goes_on and before is not None:
                self.failed[k] = NEVER
                state = put_back(state, before, k)
                back = f"{self.step - self.group.block:,}"
                log.warning("%s; it goes on from step %s (%s of %s)", found, back, self.setbacks[k], MOST_SETBACKS)
            else:
                log.warning("%s; it stays as it was before", found)
        return state

    def _ends(self, every: int) -> bool:
        """Whether an epoch ends here after which something is due: every so many, and at the last."""
        epoch, within = divmod(self.step, self.group.steps_per_epoch)
        return not within and (epoch % every == 0 or self.step == self.group.total)

    def note_metrics(self, split: str, metrics: Metrics, listen: Listener | None = None) -> None:
        """Keep metrics, each `[members]`, as the newest of a split, and pass them on.

        A member that failed before the first of the steps has none any more, and keeps its last.

        Args:
            split: `train`, `validation` or `test`.
            metrics: each `[members]`.
            listen: called with every member's line.
        """
        epoch = self.step / self.group.steps_per_epoch
        lines: list[dict[str, Any]] = [
            {"step": self.step, "epoch": epoch, "member": number, "split": split, **values}
            for number, values in zip(self.group.numbers, metric_lines(metrics)[: self.count], strict=True)
        ]
        well = [math.isfinite(line["loss"]) for line in lines]
        before = self.last.get(split) or lines
        self.last[split] = [line if ok else old for line, old, ok in zip(lines, before, well, strict=True)]
        if listen is not None:
            for line, ok in zip(lines, well, strict=True):
                if ok:
                    listen(line)

    def _save(self, state: TrainState) -> None:
        now = time.perf_counter()
        self.seconds["train"] += now - self.began
        self.seconds["total"], self.began = self.clock(), now
        record = {
            "step": self.step,
            "seconds": self.seconds,
            "last": self.last,
            "setbacks": self.setbacks,
            "data": self.dataset.fingerprint,
        }
        self.saved = self.step
        self.checkpoints.save(self.step, self._gathered(state), record)


def metric_lines(metrics: Metrics) -> list[dict[str, float]]:
    """Turn metrics, each `[members]`, into one dict of plain floats a member.

    Each is the shortest decimal that is the same float32: a beta_kl of 0.1 is written as 0.1.
    """
    table = jax.device_get(metrics)
    return [
        {name: float(np.format_float_scientific(each[member])) for name, each in table.items()}
        for member in range(len(table["loss"]))
    ]
