"""What a run would train, without training it: members, programs, memory and time."""

import time
from importlib import import_module

import jax
import psutil

from vae_jax.config.fields import field_of, leaf_fields, short_name
from vae_jax.core.compile_cache import keep_compiled_programs
from vae_jax.data.dataset import Dataset
from vae_jax.evaluation.likelihood import division, log_likelihoods, samples_used
from vae_jax.runs.command import Command
from vae_jax.runs.figures import MOST_TOGETHER
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import plan_run
from vae_jax.training.examples import split_arrays, train_data
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.memory import (
    DEVICE_COPIES,
    HOST_COPIES,
    block_bytes,
    format_bytes,
    free_bytes,
    layout_of,
    memory_errors_reported,
    state_bytes,
)
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state, train_block

TRIAL = 20  # steps, or chunks of samples, that are timed
WORKSPACE = 250_000_000  # bytes for compiling, evaluating and drawing, measured with small models


def forecast(command: Command) -> None:
    """Print what a command would train, one line per program, and the memory and time that it would take.

    The programs are compiled, and a few steps of each, and of the likelihood, are timed with one member. No run folder
    is made; missing data are downloaded and prepared.

    Raises:
        UserError: an argument can't be used.
    """
    config, folder = command.config, RunFolder(command.workdir)
    assert config is not None, "the command line requires it"
    folder.check(config)
    keep_compiled_programs()
    plan = plan_run(folder, config)
    members, groups = len(plan.members), plan.groups
    print(f"{_count(members, 'member')} in {_count(len(groups), 'program')}")
    plan.check_memory()
    free, most, total, judged = free_bytes(), 0, 0.0, 0.0
    for group in groups:
        dataset = plan.dataset(group)
        with memory_errors_reported(group.name):
            layout = layout_of(group, dataset)
            memory, seconds = run_bytes(group, dataset, layout), step_seconds(group, dataset)
            of_likelihood = likelihood_seconds(group, dataset)
        members_each = len(group.configs) / layout.member_devices
        whole = seconds * group.total * members_each
        most, total, judged = max(most, memory), total + whole, judged + of_likelihood * members_each
        print(f"  {group.name}: {describe(group, layout)}; {format_bytes(memory)}, {_duration(whole)}")
    order = ", programs one after another" if len(groups) > 1 else ""
    print(f"memory: about {format_bytes(most)}{order} ({format_bytes(free)} free)")
    likelihood = f" and {_duration(judged)} for the likelihood" if judged else ""
    devices = _count(len(jax.devices()), jax.default_backend())
    print(f"time: about {_duration(total)} of training{likelihood} on {devices}")


def describe(group: Group, layout: Layout) -> str:
    """Describe a group: its members, sizes, length and what varies in it."""
    spec, configs = group.spec, group.configs
    varied = [name for name in leaf_fields() if len({repr(field_of(config, name)) for config in configs}) > 1]
    varying = f" varying in {', '.join(map(short_name, varied))}" if varied else ""
    at_once = f", {layout.at_once} at once" if layout.at_once > 1 else ""
    devices = f" on {layout.member_devices} devices" if layout.member_devices > 1 else ""
    return (
        f"{_count(len(configs), 'member')}{varying}{at_once}{devices}, {spec.sizes}, batch {spec.batch_size}, "
        f"{_count(group.epochs, 'epoch')} of {_count(group.steps_per_epoch, 'step')}"
    )


def run_bytes(group: Group, dataset: Dataset, layout: Layout) -> int:
    """Estimate the largest memory of this process while it trains a group and draws its figures."""
    # Modules that a run imports to save and draw count too.
    import_module("orbax.checkpoint")
    import_module("vae_jax.figures.gallery")
    current = int(psutil.Process().memory_info().rss)
    members = layout.padded(len(group.configs))
    state = state_bytes(group.spec, group.configs[0]) * members
    many_member_arrays = min(members, MOST_TOGETHER) * dataset.test.images.nbytes
    total = current + WORKSPACE + HOST_COPIES * state + many_member_arrays
    if jax.default_backend() == "cpu":
        total += DEVICE_COPIES * state + block_bytes(group, dataset, layout)
    return total


def step_seconds(group: Group, dataset: Dataset) -> float:
    """Time a step of one member."""
    members = hyperparameters_of(group.configs[:1], group.steps_per_epoch)
    data = train_data(dataset)
    state = init_state(group.spec, Layout(), members, data.split)
    start = 0.0
    for _ in range(2):  # the first block is compiled too
        start = time.perf_counter()
        state, _ = train_block(group.spec, Layout(), TRIAL, data, members, state)
        jax.block_until_ready(state)
    return (time.perf_counter() - start) / TRIAL


def likelihood_seconds(group: Group, dataset: Dataset) -> float:
    """Time the estimate of a few likelihoods with one member; return the seconds that all test images would take."""
    spec, asked = group.spec, group.configs[0].eval.nll_samples
    if not asked:
        return 0.0
    members = hyperparameters_of(group.configs[:1], group.steps_per_epoch)
    weights = init_state(spec, Layout(), members, train_data(dataset).split).weights
    split = split_arrays(dataset.test)
    n, k = len(split.images), samples_used(spec, split, weights, asked)
    batch, chunk = division(spec, Layout(), n, k)
    few, drawn = jax.tree.map(lambda leaf: leaf[:batch], split), min(k, TRIAL * chunk)
    start = 0.0
    for _ in range(2):  # the first call is compiled too
        start = time.perf_counter()
        log_likelihoods(spec, Layout(), few, members["seed"], weights, drawn, batch=batch, chunk=chunk)
    return (time.perf_counter() - start) * n / batch * k / drawn


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
