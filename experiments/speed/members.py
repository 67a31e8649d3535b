"""Many members in one program against as many runs alone: steps, and compiling."""

import statistics
import time

import jax
import jax.numpy as jnp

from experiments.speed.hot_path import blog_mnist
from experiments.speed.table import Row
from vae_jax.config import Config
from vae_jax.data.dataset import Dataset
from vae_jax.sweep import expand
from vae_jax.training.devices import Layout
from vae_jax.training.program import members_of, program_of
from vae_jax.training.steps import TrainData, TrainState, init_state, train_block

ON_ACCELERATOR = 64  # members, computed at once


class Bench:
    """A compiled block of steps of some members."""

    def __init__(self, config: Config, dataset: Dataset, count: int, layout: Layout, steps: int) -> None:
        """Compile it; the cache of compiled programs must be off."""
        config = Config(**{**vars(config), "sweep": (f"seed=range({count})",)})
        configs = expand(config)
        self.members = members_of(configs, steps)
        self.data = TrainData(jnp.asarray(dataset.train.images), jnp.asarray(dataset.draws))
        program = program_of(configs, dataset)
        self.state: TrainState = init_state(program, layout, self.members)
        lowered = train_block.lower(program, layout, steps, self.data, self.members, self.state)
        start = time.perf_counter()
        self.block = lowered.compile()
        self.compile_seconds = time.perf_counter() - start

    def seconds(self) -> float:
        """Run the block once."""
        start = time.perf_counter()
        self.state, _ = self.block(self.data, self.members, self.state)
        jax.block_until_ready(self.state)
        return time.perf_counter() - start


def measure(rounds: int, steps: int = 50) -> list[Row]:
    """Compare members in one program with runs alone, in turn.

    Args:
        rounds: how many times each.
        steps: in a block.
    """
    config, dataset = blog_mnist()
    on_cpu = jax.default_backend() == "cpu"
    count = 16 if on_cpu else ON_ACCELERATOR
    alone = Bench(config, dataset, 1, Layout(), steps)
    together = Bench(config, dataset, count, Layout(1 if on_cpu else count), steps)
    costs = []
    for _ in range(rounds + 1):  # the first warms up
        singles = sum(alone.seconds() for _ in range(count))
        costs.append((together.seconds(), singles))
    ratios = [many / singles for many, singles in costs[1:]]
    many, singles = (statistics.median(column) for column in zip(*costs[1:], strict=True))
    return [
        Row(
            f"{count} members of 784-1000-2 in one program, {steps} steps",
            f"{many:.2f} s",
            f"{count} runs alone {singles:.2f} s",
            statistics.median(ratios),
            1.05 if on_cpu else 1 / 20,
        ),
        Row(
            f"compiling for {count} members",
            f"{together.compile_seconds:.2f} s",
            f"for one {alone.compile_seconds:.2f} s",
            together.compile_seconds / alone.compile_seconds,
        ),
    ]
