"""What a run would be, without running it: members, programs, memory and time."""

import os
import time
from importlib import import_module

import jax
import psutil

from vae_jax.album import MOST_TOGETHER
from vae_jax.command_line import Command
from vae_jax.compiled_programs import keep_compiled_programs
from vae_jax.data.dataset import Dataset
from vae_jax.field_names import field_of, leaf_fields, short_name
from vae_jax.run_folder import RunFolder
from vae_jax.run_plan import plan_run
from vae_jax.training.cohorts import Cohort
from vae_jax.training.devices import Layout
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.memory import (
    DEVICE_COPIES,
    HOST_COPIES,
    block_bytes,
    free_bytes,
    layout_of,
    memory_faults_told,
    size_told,
    state_bytes,
)
from vae_jax.training.steps import init_state, train_block

TRIAL = 20  # steps that are timed
WORKSPACE = 250_000_000  # bytes that compiling, judging and drawing take, as measured with small models


def forecast(command: Command) -> None:
    """Print what a command would train, one line a program, and the memory and time that it would take.

    The programs are compiled, and a few steps of each are timed with one member. No run folder is
    made; data that are not there yet are fetched and prepared.

    Raises:
        UserError: something that the user gave can't be used.
    """
    config, folder = command.config, RunFolder(command.workdir)
    assert config is not None, "training needs a config: the command line saw to that"
    folder.check(config)
    keep_compiled_programs()
    plan = plan_run(folder, config)
    members, cohorts = len(plan.members), plan.cohorts
    print(f"{_count(members, 'member')} in {_count(len(cohorts), 'program')}")
    plan.check_memory()
    free, most, total = free_bytes(), 0, 0.0
    for cohort in cohorts:
        dataset = plan.dataset(cohort)
        with memory_faults_told(cohort.name):
            layout = layout_of(cohort, dataset)
            memory, seconds = run_bytes(cohort, dataset, layout), step_seconds(cohort, dataset)
        whole = seconds * cohort.total * len(cohort.configs) / layout.member_devices
        most, total = max(most, memory), total + whole
        print(f"  {cohort.name}: {describe(cohort, layout)}; {size_told(memory)}, {_duration(whole)}")
    print(f"memory: about {size_told(most)}, programs one after another ({size_told(free)} free)")
    print(f"time: about {_duration(total)} of training on {_count(len(jax.devices()), jax.default_backend())}")


def describe(cohort: Cohort, layout: Layout) -> str:
    """Say a cohort's members, sizes, length and what varies in it."""
    spec, configs = cohort.spec, cohort.configs
    varied = [name for name in leaf_fields() if len({repr(field_of(config, name)) for config in configs}) > 1]
    varying = f" varying in {', '.join(map(short_name, varied))}" if varied else ""
    at_once = f", {layout.at_once} at once" if layout.at_once > 1 else ""
    devices = f" on {layout.member_devices} devices" if layout.member_devices > 1 else ""
    return (
        f"{_count(len(configs), 'member')}{varying}{at_once}{devices}, {spec.sizes}, batch {spec.batch_size}, "
        f"{_count(cohort.epochs, 'epoch')} of {_count(cohort.steps_per_epoch, 'step')}"
    )


def run_bytes(cohort: Cohort, dataset: Dataset, layout: Layout) -> int:
    """Estimate the memory of this process at most while it trains a cohort and draws it."""
    # What a run imports only when it saves and draws counts too.
    import_module("orbax.checkpoint")
    import_module("vae_jax.figures.gallery")
    here = int(psutil.Process(os.getpid()).memory_info().rss)
    members = layout.padded(len(cohort.configs))
    state = state_bytes(cohort.spec, cohort.configs[0]) * members
    portraits = min(members, MOST_TOGETHER) * dataset.test.images.nbytes
    total = here + WORKSPACE + HOST_COPIES * state + portraits
    if jax.default_backend() == "cpu":
        total += DEVICE_COPIES * state + block_bytes(cohort, dataset, layout)
    return total


def step_seconds(cohort: Cohort, dataset: Dataset) -> float:
    """Time a step of one member, alone."""
    members = hyperparameters_of(cohort.configs[:1], cohort.steps_per_epoch)
    data = train_data(dataset)
    state, _ = train_block(cohort.spec, Layout(), TRIAL, data, members, init_state(cohort.spec, Layout(), members))
    jax.block_until_ready(state)
    start = time.perf_counter()
    state, _ = train_block(cohort.spec, Layout(), TRIAL, data, members, state)
    jax.block_until_ready(state)
    return (time.perf_counter() - start) / TRIAL


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
