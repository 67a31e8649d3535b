"""The training scan at 784-1000-2, batch 32, against the least that its arithmetic and its traffic can cost."""

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.speed.table import Row
from vae_jax.config.presets import blog
from vae_jax.config.schema import validate
from vae_jax.data.dataset import Dataset, Split
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.member import parameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

PRODUCT = 2048  # the side of the large matrix product
FLOAT = 4  # bytes


def blog_mnist() -> Any:
    """Return the settings of configs/mnist_blog.py and noise of MNIST's size: what is drawn costs the same."""
    config = blog()
    config.data.name, config.model.hidden, config.model.latent_dim = "mnist", (1000,), 2
    images = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28, 1)).astype(np.uint8)
    split = Split(images, np.zeros(len(images), np.int32))
    return validate(config), Dataset("noise", "noise", split, split, ("noise",))


# Inputs and outputs of each layer, and its matrix products in a step: forward, the weights' gradient and, but for the
# first layer, the inputs' gradient.
LAYERS = ((784, 1000, 2), (1000, 4, 3), (2, 1000, 3), (1000, 784, 3))


def seconds(work: Callable[[], Any], times: int) -> float:
    """Time one call, from the mean of several in a row."""
    start = time.perf_counter()
    for _ in range(times):
        result = work()
    jax.block_until_ready(result)
    return (time.perf_counter() - start) / times


def measure(rounds: int, steps: int = 200) -> list[Row]:
    """Time the scan, a large product and a copy in turn, and compare the medians of the rounds.

    Args:
        rounds: how many times each.
        steps: of the scan in a round.
    """
    config, dataset = blog_mnist()
    spec, members = spec_of([config], dataset), hyperparameters_of([config], steps)
    data = train_data(dataset)
    state = init_state(spec, Layout(), members)
    numbers = parameters_of(spec)
    operations = sum(2 * spec.batch_size * inputs * outputs * times for inputs, outputs, times in LAYERS)
    # Adam reads parameters, two moments and the gradient, and writes the first three. A product reads a matrix of
    # weights, or writes its gradient.
    adam = 7 * FLOAT * numbers
    others = FLOAT * sum(inputs * outputs * times for inputs, outputs, times in LAYERS)

    square = jnp.ones((PRODUCT, PRODUCT))
    product = jax.jit(lambda a: a @ a)
    # As large as what Adam walks through (parameters, two moments and the gradient), a piece for each core.
    source = np.ones((os.cpu_count() or 1, 4 * numbers // (os.cpu_count() or 1)), np.float32)
    target = np.empty_like(source)

    def copy(pool: ThreadPoolExecutor) -> None:
        list(pool.map(np.copyto, target, source))

    scans, products, traffics = [], [], []
    for k in range(rounds + 1):
        start = time.perf_counter()
        state, _ = train_block(spec, Layout(), steps, data, members, state)
        jax.block_until_ready(state)
        scan = (time.perf_counter() - start) / steps
        flops = 2 * PRODUCT**3 / seconds(lambda: product(square), 3)
        with ThreadPoolExecutor() as pool:
            bytes_a_second = 2 * source.nbytes / seconds(lambda pool=pool: copy(pool), 20)
        if k:  # the first round compiles
            scans.append(scan)
            products.append(operations / flops)
            traffics.append(adam / bytes_a_second)

    def row(question: str, whose: str, share: float, most: float | None) -> Row:
        """Compare with the products and this many times Adam's traffic."""
        least = [of_products + share * of_adam for of_products, of_adam in zip(products, traffics, strict=True)]
        ratios = [of_scan / bound for of_scan, bound in zip(scans, least, strict=True)]
        cost, arithmetic, traffic = (1e3 * statistics.median(times) for times in (scans, products, traffics))
        against = f"products {arithmetic:.2f} ms + {whose} traffic {share * traffic:.2f} ms"
        return Row(question, f"{cost:.2f} ms", against, statistics.median(ratios), most)

    return [
        row("a training step, 784-1000-2, batch 32", "Adam's", 1, 1.15),
        row("the same, nothing of it in a cache", "its whole", 1 + others / adam, None),
    ]
