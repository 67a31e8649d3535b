"""Where members are computed only changes the time: on 1, 2 or 8 devices, along either axis."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.training.sharding import Layout, mesh_of, with_repeats, without_repeats

TESTS = Path(__file__).parents[1]


def trained_on(folder, count, data_devices=1):
    """Train the grid in a process that has `count` devices and compiles as users do."""
    file = folder / f"on_{count}.npz"
    env = os.environ | {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={count}",
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
        "JAX_PLATFORMS": "cpu",
    }
    line = [sys.executable, str(TESTS / "on_devices.py"), str(file), str(data_devices)]
    subprocess.run(line, env=env, check=True, timeout=300)
    with np.load(file) as found:
        return [found[name] for name in found.files]


@pytest.fixture(scope="module")
def on_one(tmp_path_factory):
    return trained_on(tmp_path_factory.mktemp("devices"), 1)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 8])
def test_members_spread_over_devices_are_the_same_to_the_bit(tmp_path, on_one, count):
    """12 members on 8 devices: they are padded with four more, which are dropped again."""
    for ours, theirs in zip(trained_on(tmp_path, count), on_one, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "data_devices"), [(2, 2), (4, 2)])
def test_a_batch_spread_over_devices_gives_the_same_to_float_tolerance(tmp_path, on_one, count, data_devices):
    for ours, theirs in zip(trained_on(tmp_path, count, data_devices), on_one, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())


def test_one_device_needs_no_mesh():
    assert mesh_of(jax.devices()[:1], 1) is None
    assert Layout().padded(7) == 7


def test_the_last_member_is_repeated_and_its_repeats_are_dropped():
    members = {"a": jnp.array([3, 1, 2]), "b": jnp.arange(6.0).reshape(3, 2)}
    padded = with_repeats(members, 2)
    assert padded["a"].tolist() == [3, 1, 2, 2, 2]
    assert padded["b"].tolist() == [[0, 1], [2, 3], [4, 5], [4, 5], [4, 5]]
    jax.tree.map(np.testing.assert_array_equal, without_repeats(padded, 3), members)
