"""A whole run of 100 epochs of MNIST, from the command to the report, against the bare scan of as many steps."""

import subprocess
import sys
import time
from pathlib import Path

import jax

from experiments.speed.hot_path import blog_mnist
from experiments.speed.table import Row
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

STEPS = 100  # in an epoch
SHARE = 0.15  # of the run, at most, for all that is not the scan


def whole_run(epochs: int, folder: Path) -> tuple[float, float]:
    """Train the post's MNIST model with the command; return the seconds to its first epoch and those in all."""
    command = [sys.executable, "-m", "vae_jax.main", "--config=configs/mnist_blog.py", f"--workdir={folder}"]
    start = time.perf_counter()
    metrics, first = folder / "metrics.jsonl", 0.0
    with subprocess.Popen([*command, f"--config.train.epochs={epochs}"], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if not first and metrics.is_file() and metrics.stat().st_size:
                first = time.perf_counter() - start
            time.sleep(0.01)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}")
    return first, time.perf_counter() - start


def measure(epochs: int, rounds: int, folder: Path) -> list[Row]:
    """Train with the command, and take the same steps with nothing around them, half of them before and half after.

    The way to the first epoch is left out (`start` measures it): what is left is the scan with all of logging,
    evaluation, checkpoints, figures and report.

    Args:
        epochs: of 100 steps each.
        rounds: how many times; the one in the middle is told.
        folder: where the runs go; it must be empty.
    """
    config, dataset = blog_mnist()
    spec, members = spec_of([config], dataset), hyperparameters_of([config], STEPS)
    data = train_data(dataset)
    state, _ = train_block(spec, Layout(), STEPS, data, members, init_state(spec, Layout(), members))
    jax.block_until_ready(state)

    def scan(times: int) -> float:
        nonlocal state
        start = time.perf_counter()
        for _ in range(times):
            state, _ = train_block(spec, Layout(), STEPS, data, members, state)
        jax.block_until_ready(state)
        return (time.perf_counter() - start) / times

    found = []
    for k in range(rounds):
        before = scan(epochs // 2)
        first, whole = whole_run(epochs, folder / f"run_{k}")
        bare = (epochs - 1) * (before + scan(epochs // 2)) / 2
        found.append(((whole - first) / bare, whole - first, bare))
    ratio, cost, bare = sorted(found)[rounds // 2]
    return [
        Row(
            f"a whole run, {epochs} epochs of MNIST, from the first epoch on",
            f"{cost:.1f} s",
            f"the bare scan {bare:.1f} s",
            ratio,
            round(1 / (1 - SHARE), 3),
        )
    ]
