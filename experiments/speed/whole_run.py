"""A whole run of 100 epochs of MNIST, from the command to the report, against the bare scan of as many steps."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from experiments.speed.hot_path import blog_mnist
from experiments.speed.table import Row
from vae_jax.training.devices import Layout
from vae_jax.training.program import members_of, program_of
from vae_jax.training.steps import TrainData, init_state, train_block

STEPS = 100  # in an epoch


def measure(epochs: int, folder: Path) -> list[Row]:
    """Train the post's MNIST model with the command, then the same steps with nothing around them.

    Args:
        epochs: of 100 steps each.
        folder: where the run goes; it must be empty.
    """
    command = [sys.executable, "-m", "vae_jax.main", "--config=configs/mnist_blog.py", f"--workdir={folder}"]
    start = time.perf_counter()
    subprocess.run([*command, f"--config.train.epochs={epochs}"], check=True, capture_output=True)
    whole = time.perf_counter() - start
    compiled = json.loads((folder / "summary.json").read_text())["seconds"]["compile"]

    config, dataset = blog_mnist()
    program, members = program_of([config], dataset), members_of([config], STEPS)
    data = TrainData(jnp.asarray(dataset.train.images), jnp.asarray(dataset.draws))
    state, _ = train_block(program, Layout(), STEPS, data, members, init_state(program, Layout(), members))
    jax.block_until_ready(state)
    start = time.perf_counter()
    for _ in range(epochs):
        state, _ = train_block(program, Layout(), STEPS, data, members, state)
    jax.block_until_ready(state)
    scan = time.perf_counter() - start
    return [
        Row(
            f"a whole run, {epochs} epochs of MNIST",
            f"{whole:.1f} s (compile {compiled:.1f} s)",
            f"the bare scan {scan:.1f} s",
            whole / scan,
            1.15,
        )
    ]
