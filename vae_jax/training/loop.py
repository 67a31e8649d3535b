"""Training a group from its first step, or its newest checkpoint, to its last step."""

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from vae_jax.config.schema import Config
from vae_jax.data.dataset import Dataset
from vae_jax.objectives.contracts import Metrics
from vae_jax.training.best_step import BestSteps, keep_best
from vae_jax.training.blocks import Block, compile_block, part_steps
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.examples import train_data
from vae_jax.training.extraction import state_shapes
from vae_jax.training.failure_policy import note_failures
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters, hyperparameters_of
from vae_jax.training.metrics_log import metric_lines
from vae_jax.training.non_finite import failed_for_good
from vae_jax.training.resume import check_goes_on
from vae_jax.training.sharding import Layout, with_repeats, without_repeats
from vae_jax.training.steps import NEVER, TrainState, init_state
from vae_jax.training.watching import Unwatched, Wait, Watch, arrive, wait_for_all

# Receives one line of metrics: of one member, one split, one moment.
Listener = Callable[[dict[str, Any]], None]

# Evaluates all members on the held-out images: the metrics of each split, each [members].
Evaluator = Callable[[Hyperparameters, TrainState], dict[str, Metrics]]

QUICK = 1.0  # seconds: after a block that took longer, the state is copied before the next, which may be abandoned


@dataclass
class Trainer:
    """Trains the members of a group, from the start or from a checkpoint.

    Attributes:
        group: the members.
        dataset: the data they are trained on.
        layout: where they are computed.
        checkpoints: where to save to and continue from.
        clock: seconds of the run, with those before it was continued.
        step: how many steps were taken.
        seconds: `compile`, `train` and `total`, with those before it was continued.
        last: the newest metrics of each split, one line per member.
        failed: the step in which each member failed, or the newest that it skipped, or `NEVER`.
        setbacks: how often each member was found to have failed.
        best: the best step of each member, where it matters, and which are out of patience.
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
        """Put the members' hyperparameters on the devices."""
        self.count = len(self.group.configs)
        self.failed = [NEVER] * self.count
        self.setbacks = [0] * self.count
        self.best = BestSteps.none(self.count)
        self.members: Hyperparameters = self.spread(hyperparameters_of(self.group.configs, self.group.steps_per_epoch))

    def restore(self) -> TrainState | None:
        """Read the newest checkpoint.

        Raises:
            UserError: it was made from other data, or none can be read.
        """
        found = self.checkpoints.restore(state_shapes(self.group.spec, self.group.configs))
        if found is None:
            return None
        state, record = found
        check_goes_on(record, self.group, self.dataset)
        self.step, self.seconds, self.last = record["step"], record["seconds"], record["last"]
        self.failed = state.failed.tolist()
        self.setbacks = record.get("setbacks", self.setbacks)
        self.best = BestSteps.read(record["best"]) if "best" in record else self.best
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
            stop: called before every block of steps; if it returns True, the state is saved and training ends.
            wait: called for the results of every block and of the evaluation after it; if it abandons them, the state
                from before the block is saved.
            watch: receives progress.

        Returns:
            the state of all members after the last step.
        """
        if state is not None and (self.step >= self.group.total or all(self.stopped)):
            return state
        watch = watch or Unwatched()
        watch.say("compiling", counts=False)
        block, spread = self._compiled(state)
        evaluated = False
        self._since = time.perf_counter()
        restores = any(config.train.on_nan == "restore" for config in self.group.configs)
        seconds = math.inf  # of the last block
        while self.step < self.group.total and not stop() and not all(self.stopped):
            before = jax.tree.map(jnp.copy, spread) if restores or seconds > QUICK else None  # the state is donated
            start, counts = time.perf_counter(), (self.step, self.failed, [*self.setbacks])
            tested = None
            watch.say("training")
            running = block(self.members, spread)
            spread, metrics = running.state, running.metrics
            arrived = wait(partial(arrive, running, watch), before is not None)
            del running  # else it keeps the state alive if a member is restored
            if arrived:
                self.step += self.group.block
                spread, self.failed = note_failures(
                    self.group, self.dataset, self.step, self.failed, self.setbacks, spread, before
                )
                if self._ends(self.group.evaluate_every):
                    watch.say("evaluating", counts=evaluated)  # the first time it is compiled too
                    tested = evaluate(self.members, spread)
                    arrived, evaluated = wait(partial(jax.block_until_ready, tested), before is not None), True
            if not arrived:
                assert before is not None, "without a copy the results are always waited for"
                spread, (self.step, self.failed, self.setbacks) = before, counts
                break
            seconds = time.perf_counter() - start
            self.note_metrics("train", metrics, listen)
            for split, found in (tested or {}).items():
                self.note_metrics(split, found, listen)
            if tested is not None:
                spread = self._compare_steps(spread)
            if self._ends(self.group.save_every):
                watch.say("saving")
                self._save(spread)
        if self.step != self.saved:
            watch.say("saving")
            self._save(spread)
        gathered: TrainState = self._gathered(spread)
        return gathered

    def _compiled(self, state: TrainState | None) -> tuple[Block, TrainState]:
        """Compile a block of steps, and spread the first state over the devices."""
        start, group, layout = time.perf_counter(), self.group, self.layout
        data = layout.place(train_data(self.dataset), shared=True)
        spread = init_state(group.spec, layout, self.members, data.split) if state is None else self.spread(state)
        block = compile_block(group, layout, data, self.members, spread, part_steps(group, layout))
        self.seconds["compile"] += time.perf_counter() - start
        return block, spread

    def spread(self, tree: Any) -> Any:
        """Put arrays with a members axis on the devices, repeating the last member where the layout needs more."""
        missing = self.layout.padded(self.count) - self.count
        return self.layout.place(with_repeats(tree, missing) if missing else tree)

    def _gathered(self, tree: Any) -> Any:
        """Drop the repeated members."""
        return tree if self.layout.padded(self.count) == self.count else without_repeats(tree, self.count)

    def _compare_steps(self, state: TrainState) -> TrainState:
        """Keep the weights of members whose step is their best, and stop those that are out of patience."""
        train = self.group.configs[0].train
        if not train.compares_steps:
            return state
        better = self.best.compare(self.group, self.step, self.last, self.stopped)
        if train.keep_best and any(better):
            state = keep_best(state, self.spread(jnp.array(better)))
        if state.ended is not None:
            state = state._replace(ended=self.spread(jnp.array(self.best.ended, jnp.int32)))
        return state

    @property
    def stopped(self) -> list[bool]:
        """Which members take no more steps: they failed, or are out of patience."""
        each = zip(self.group.configs, self.failed, self.best.ended, strict=True)
        return [failed_for_good(config, failed) or ended != NEVER for config, failed, ended in each]

    def reported(self, split: str) -> list[dict[str, Any]]:
        """Return each member's metrics: of its best step where that is kept, else its last ones."""
        last = self.last.get(split, [{}] * self.count)
        if not self.group.configs[0].train.keep_best:
            return last
        return [lines.get(split, line) for lines, line in zip(self.best.lines, last, strict=True)]

    def report(self, split: str, more: Sequence[dict[str, Any]]) -> None:
        """Add metrics of each member to what `reported` returns, or replace them; members that failed keep theirs."""
        lines = [
            old if failed_for_good(config, failed) or not math.isfinite(new.get("loss", 0.0)) else {**old, **new}
            for config, failed, old, new in zip(
                self.group.configs, self.failed, self.reported(split), more, strict=True
            )
        ]
        if not self.group.configs[0].train.keep_best:
            self.last[split] = lines
            return
        for kept, line in zip(self.best.lines, lines, strict=True):
            kept[split] = line

    def _ends(self, every: int) -> bool:
        """Whether an epoch ends here whose number is a multiple of `every`, or the last one."""
        epoch, within = divmod(self.step, self.group.steps_per_epoch)
        return not within and (epoch % every == 0 or self.step == self.group.total)

    def note_metrics(self, split: str, metrics: Metrics, listen: Listener | None = None) -> None:
        """Keep metrics as the newest of a split, and pass them on.

        A member that took none of these steps, as it failed or stopped before them, keeps its last metrics.

        Args:
            split: `train`, `validation` or `test`.
            metrics: each `[members]`.
            listen: called with every other member's line.
        """
        epoch = self.step / self.group.steps_per_epoch
        lines: list[dict[str, Any]] = [
            {"step": self.step, "epoch": epoch, "member": number, "split": split, **values}
            for number, values in zip(self.group.numbers, self.table(metrics), strict=True)
        ]
        new = [
            math.isfinite(line["loss"]) and ended == NEVER for line, ended in zip(lines, self.best.ended, strict=True)
        ]
        before = self.last.get(split) or lines
        self.last[split] = [line if ok else old for line, old, ok in zip(lines, before, new, strict=True)]
        if listen is not None:
            for line in itertools.compress(lines, new):
                listen(line)

    def table(self, metrics: Metrics) -> list[dict[str, Any]]:
        """Return metrics, each `[members]`, as a dict of each member, with the rates of its own units only."""
        return [
            self._own_rates(*pair) for pair in zip(self.group.configs, metric_lines(metrics)[: self.count], strict=True)
        ]

    def _own_rates(self, config: Config, values: dict[str, Any]) -> dict[str, Any]:
        """Drop the rates of the units that a member does not use, where it has rates by unit."""
        rates, size = values.get("rates", []), self.group.spec.latent_dim
        if len(rates) < size:
            return values
        return values | {"rates": rates[: len(rates) - (size - config.model.latent_dim)]}

    def _save(self, state: TrainState) -> None:
        now = time.perf_counter()
        self.seconds["train"] += now - self._since
        self.seconds["total"], self._since = self.clock(), now
        self.saved = self.step
        record = self.record(range(self.count), self.group.numbers)
        self.checkpoints.save(self.step, self._gathered(state), record)

    def record(self, places: Sequence[int], numbers: Sequence[int]) -> dict[str, Any]:
        """Return what a checkpoint of some members keeps beside their state, as JSON.

        Args:
            places: of the members in the group.
            numbers: that they have in the run of the checkpoint.
        """
        members = list(zip(places, numbers, strict=True))
        return {
            "step": self.step,
            "seconds": self.seconds,
            "last": {split: [last[k] | {"member": n} for k, n in members] for split, last in self.last.items() if last},
            "setbacks": [self.setbacks[k] for k in places],
            "best": self.best.record(places, numbers),
            "data": self.dataset.fingerprint,
        }
