"""Many members in one program against as many runs alone: steps, and compiling."""

import statistics
import time

import jax
import jax.numpy as jnp

from experiments.speed.hot_path import blog_mnist, seconds
from experiments.speed.table import Row
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import expand
from vae_jax.data.dataset import Dataset
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import TrainState, init_state, train_block

ON_ACCELERATOR = 64  # members, computed at once


class Bench:
    """A compiled block of steps of some members."""

    def __init__(self, config: Config, dataset: Dataset, count: int, layout: Layout, steps: int) -> None:
        """Compile it; the cache of compiled programs must be off."""
        config = Config(**{**vars(config), "sweep": (f"seed=range({count})",)})
        configs = expand(config)
        self.members = layout.place(hyperparameters_of(configs, steps))
        self.data = layout.place(train_data(dataset), shared=True)
        spec = spec_of(configs, dataset)
        self.state: TrainState = init_state(spec, layout, self.members)
        lowered = train_block.lower(spec, layout, steps, self.data, self.members, self.state)
        start = time.perf_counter()
        self.block = lowered.compile()
        self.compile_seconds = time.perf_counter() - start

    def seconds(self) -> float:
        """Run the block once."""
        start = time.perf_counter()
        self.state, _ = self.block(self.data, self.members, self.state)
        jax.block_until_ready(self.state)
        return time.perf_counter() - start


def measure(rounds: int, steps: int = 100) -> list[Row]:
    """Compare members in one program with runs alone, in turn.

    Args:
        rounds: how many times each.
        steps: in a block; 100 are the post's epoch.
    """
    config, dataset = blog_mnist()
    on_cpu = jax.default_backend() == "cpu"
    count = 16 if on_cpu else ON_ACCELERATOR
    alone = Bench(config, dataset, 1, Layout(), steps)
    together = Bench(config, dataset, count, Layout(1 if on_cpu else count), steps)
    more = Bench(config, dataset, 4 * count, Layout(1 if on_cpu else 4 * count), steps).compile_seconds
    costs = []
    for _ in range(rounds + 1):  # the first warms up
        singles = sum(alone.seconds() for _ in range(count))
        costs.append((together.seconds(), singles))
    ratios = [many / singles for many, singles in costs[1:]]
    many, singles = (statistics.median(column) for column in zip(*costs[1:], strict=True))
    rows = [] if on_cpu else [against_bandwidth(together, count, steps, many)]
    return [
        *rows,
        Row(
            f"{count} members of 784-1000-2 in one program, {steps} steps",
            f"{many:.2f} s",
            f"{count} runs alone {singles:.2f} s",
            statistics.median(ratios),
            1.05 if on_cpu else 1 / 20,
        ),
        Row(
            f"compiling for {count} members at once",
            f"{together.compile_seconds:.2f} s",
            f"{count} times one alone {count * alone.compile_seconds:.2f} s",
            together.compile_seconds / (count * alone.compile_seconds),
        ),
        Row(
            f"compiling for {4 * count} members",
            f"{more:.2f} s",
            f"for {count} {together.compile_seconds:.2f} s",
            more / together.compile_seconds,
        ),
    ]


def against_bandwidth(bench: Bench, count: int, steps: int, took: float) -> Row:
    """Compare with the least that Adam's traffic costs at the rate at which the device copies a large array."""
    large = jnp.ones(2**28)
    copy = jax.jit(lambda x: x + 1)
    seconds(lambda: copy(large), 3)
    bytes_a_second = 2 * large.nbytes / seconds(lambda: copy(large), 20)
    # Parameters and two moments are read and written, the gradient is read.
    state = sum(leaf.nbytes for leaf in jax.tree.leaves((bench.state.params, bench.state.optimiser)))
    least = steps * state * 7 / 3 / bytes_a_second
    return Row(
        f"{count} members at once, {steps} steps",
        f"{count * steps / took:,.0f} members' steps a second",
        f"Adam's traffic at the device's bandwidth {count * steps / least:,.0f}",
        took / least,
    )
