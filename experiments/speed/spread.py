"""16 members in one program, spread over a CPU's cores where that pays, against 16 runs alone, one after another."""

import dataclasses
import multiprocessing
import statistics
from concurrent.futures import ProcessPoolExecutor

from experiments.speed.hot_path import blog_mnist
from experiments.speed.members import Bench
from experiments.speed.table import Row, text
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import expand
from vae_jax.core.jax_settings import offer_cores
from vae_jax.data.dataset import Dataset
from vae_jax.training.groups import group_of
from vae_jax.training.memory import layout_of
from vae_jax.training.sharding import Layout

COUNT = 16
WANTED_SMALL, WANTED_LARGE = 0.65, 1.05


def together_and_alone(config: Config, dataset: Dataset, rounds: int, steps: int, wanted: float) -> Row:
    """Time the members of one model, in turn with runs alone.

    Args:
        config: of a member.
        dataset: what they train on.
        rounds: how many times each.
        steps: in a block.
        wanted: the largest ratio of the two.
    """
    config = dataclasses.replace(config, sweep=(f"seed=range({COUNT})",))
    group = group_of("group_0", list(enumerate(expand(config))), dataset)
    layout = layout_of(group, dataset)
    alone, together = Bench(config, dataset, 1, Layout(), steps), Bench(config, dataset, COUNT, layout, steps)
    alone.seconds(), together.seconds()
    costs = []
    for _ in range(rounds):
        singles = sum(alone.seconds() for _ in range(COUNT))
        costs.append((together.seconds(), singles))
    many, singles = (statistics.median(column) for column in zip(*costs, strict=True))
    cores = f"{layout.member_devices} core{'s' if layout.member_devices > 1 else ''}"
    return Row(
        f"{COUNT} members of {group.spec.sizes}, batch {group.spec.batch_size}, {steps} steps, spread over {cores}",
        f"{many:.2f} s",
        f"{COUNT} runs alone {singles:.2f} s",
        statistics.median(each / of_singles for each, of_singles in costs),
        wanted,
    )


def small_and_large(rounds: int) -> list[Row]:
    """Measure a small and a large model; JAX must not have been used in this process."""
    offer_cores(COUNT)
    large, dataset = blog_mnist()
    small = dataclasses.replace(large, model=dataclasses.replace(large.model, hidden=(200, 200), latent_dim=50))
    return [
        together_and_alone(small, dataset, rounds, 100, WANTED_SMALL),
        together_and_alone(large, dataset, rounds, 50, WANTED_LARGE),
    ]


def measure(rounds: int) -> list[Row]:
    """Measure in a process of its own: the number of a CPU's devices is chosen before JAX is used."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(small_and_large, rounds).result()


if __name__ == "__main__":
    print(text(measure(7)))
