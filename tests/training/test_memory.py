"""Memory: what members need follows from their sizes, and a grid that is too large is split."""

import dataclasses

import jax
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.training import memory
from vae_jax.training.groups import group_of
from vae_jax.training.member import parameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of

DATASET = small_dataset()
CONFIG = small_config(model={"hidden": (300, 300)})
SPEC = spec_of([CONFIG], DATASET)
STATE = 3 * 4 * parameters_of(SPEC)  # parameters and two moments of 4 bytes


def group(members, **sections):
    configs = expand(dataclasses.replace(small_config(model={"hidden": (300, 300)}, **sections), sweep=members))
    return group_of("group_0", list(enumerate(configs)), DATASET)


def test_a_state_is_the_parameters_and_adams_two_moments():
    assert memory.state_bytes(SPEC, CONFIG) == pytest.approx(STATE, abs=40)


def test_a_moving_average_of_the_weights_adds_a_third():
    config = small_config(model={"hidden": (300, 300)}, optimiser={"ema": 0.9})
    assert memory.state_bytes(spec_of([config], DATASET), config) == pytest.approx(STATE * 4 / 3, abs=40)


@pytest.mark.slow
def test_a_block_holds_its_data_and_the_state_of_every_member():
    one, twelve = (memory.block_bytes(group((f"seed=range({count})",)), DATASET, Layout()) for count in (1, 12))
    assert one > STATE + DATASET.train.images.nbytes
    assert 11 * STATE < twelve - one < 11 * 3 * STATE


@pytest.mark.slow
def test_members_at_once_take_more_than_one_after_another():
    many = group(("seed=range(12)",))
    one, two, four = (memory.block_bytes(many, DATASET, Layout(count)) for count in (1, 2, 4))
    assert one < two < four


@pytest.mark.parametrize(("free", "most"), [(0, 1), (101 * STATE, 16), (1001 * STATE, 160)])
def test_as_many_members_train_together_as_fit_into_the_memory(monkeypatch, free, most):
    """A CPU holds a state five times, and plans with 0.8 of what is free."""
    monkeypatch.setattr(memory, "free_bytes", lambda: free + DATASET.train.images.nbytes / 0.8)
    assert memory.most_members(SPEC, CONFIG, DATASET) == most


def test_a_containers_memory_limit_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory.free_bytes() == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_bytes() > 2000


def test_of_nested_containers_the_tightest_limit_counts_and_cached_files_do_not(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    monkeypatch.setattr(memory, "OWN_CGROUP", tmp_path / "own")
    (tmp_path / "own").write_text("0::/slice/job\n")
    (tmp_path / "slice" / "job").mkdir(parents=True)
    for folder, limit in ((tmp_path / "slice", 9000), (tmp_path / "slice" / "job", 10_000)):
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("8000\n")
    assert memory.free_bytes() == 1000
    (tmp_path / "slice" / "memory.stat").write_text("anon 1\ninactive_file 3000\nactive_file 500\n")
    assert memory.free_bytes() == 2000


@pytest.mark.slow
@pytest.mark.parametrize(("members", "copies"), [(1, 2), (3, 9)])
def test_the_least_memory_is_close_to_that_of_the_program(members, copies):
    """And the state from before the block."""
    many = group((f"seed=range({members})",))
    held, step = memory.least_bytes(many)
    assert held == pytest.approx(copies * STATE, rel=0.01)
    assert step == pytest.approx(STATE / 3, rel=0.01)
    program = memory.block_bytes(many, DATASET, Layout())
    taken = program + members * STATE
    assert held + step <= taken < 1.2 * (held + step)


def test_a_model_too_large_for_the_memory_is_refused_with_the_numbers(monkeypatch):
    one = group(())
    least = sum(memory.least_bytes(one))
    monkeypatch.setattr(memory, "free_bytes", lambda: least)
    memory.check_memory(one, DATASET)
    monkeypatch.setattr(memory, "free_bytes", lambda: least - 1)
    with pytest.raises(UserError) as error:
        memory.check_memory(one, DATASET)
    assert str(error.value).startswith("config.model.hidden: too large for the memory: 36-300-300-2 takes at least ")
    assert "MB is free; make it smaller" in str(error.value)


def test_checking_a_model_of_terabytes_takes_no_time_or_memory():
    huge = small_config(model={"hidden": (100_000, 100_000)}, train={"batch_size": 10})
    held, step = memory.least_bytes(group_of("group_0", [(0, huge)], DATASET))
    assert held > 4e11
    assert step > held / 7


def test_a_batch_larger_than_the_weights_is_named(monkeypatch):
    """A layer of one unit, and as many images as there are."""
    one = group_of("group_0", [(0, small_config(model={"hidden": (1,)}, train={"batch_size": 50}))], DATASET)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(
        UserError, match=r"^config\.model\.hidden, config\.train\.batch_size: too large .*make them smaller"
    ):
        memory.check_memory(one, DATASET)


def test_every_sample_of_an_image_takes_the_decoders_memory(monkeypatch):
    one, many = (
        group_of("group_0", [(0, small_config(model={"hidden": (1,)}, objective={"samples": k}))], DATASET)
        for k in (1, 10_000)
    )
    ten_images = 4 * 10 * (36 + 1)
    assert memory.least_bytes(many)[1] == 10_001 * ten_images
    assert memory.least_bytes(one)[1] < 3 * ten_images
    monkeypatch.setattr(memory, "free_bytes", lambda: 1_000_000)
    with pytest.raises(UserError, match=r"batch_size, config\.objective\.samples: too large .*make them smaller"):
        memory.check_memory(many, DATASET)


def test_running_out_of_memory_is_one_line_and_other_errors_pass():
    with (
        pytest.raises(UserError, match=r"^group_0: the memory is not enough \(no room\); make"),
        memory.memory_errors_reported("group_0"),
    ):
        raise MemoryError("no room")
    with pytest.raises(jax.errors.JaxRuntimeError), memory.memory_errors_reported("group_0"):
        raise jax.errors.JaxRuntimeError("INTERNAL: other")


def test_on_a_cpu_members_are_computed_one_after_another_by_default():
    assert memory.layout_of(group(("seed=range(5)",)), DATASET) == Layout(1)
    assert memory.layout_of(group(("seed=range(5)",), train={"members_per_step": 3}), DATASET).at_once == 3
    assert memory.layout_of(group(("seed=range(5)",), train={"members_per_step": 30}), DATASET).at_once == 5


@pytest.mark.slow
def test_on_an_accelerator_as_many_members_at_once_as_fit(monkeypatch):
    """The memory of each further member is measured by compiling for one and for two."""
    many = group(("seed=range(12)",))
    one, two = (memory.block_bytes(many, DATASET, Layout(count)) for count in (1, 2))
    copies = 12 * memory.state_bytes(SPEC, CONFIG)  # the state before a block that may be abandoned
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for fit in (1, 7, 12, 80):
        free = np.ceil((one + copies + (fit - 0.5) * (two - one)) / 0.8)
        monkeypatch.setattr(memory, "free_bytes", lambda free=free: free)
        assert memory.layout_of(many, DATASET).at_once == min(fit, 12)


def test_more_devices_than_there_are_is_refused():
    with pytest.raises(UserError, match=r"train\.data_devices: found 50; needs at most 1"):
        memory.layout_of(group((), train={"data_devices": 50, "batch_size": 50}), DATASET)


def test_the_cores_of_a_cpu_share_one_memory(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 101 * STATE + DATASET.train.images.nbytes / 0.8)
    monkeypatch.setattr(memory, "devices_for", lambda _: 8)
    assert memory.most_members(SPEC, CONFIG, DATASET) == 16


def test_members_are_spread_over_cores_where_their_steps_are_small(monkeypatch):
    monkeypatch.setattr(memory, "devices_for", lambda _: 2)
    meshes = []
    monkeypatch.setattr(memory, "mesh_of", lambda devices, data_devices: meshes.append(len(devices)))
    monkeypatch.setattr(memory.jax, "devices", lambda: ["one", "two"])
    few = group(("seed=range(4)",))
    for free in (1e12, DATASET.train.images.nbytes):
        monkeypatch.setattr(memory, "free_bytes", lambda free=free: free)
        memory.layout_of(few, DATASET)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1e12)
    monkeypatch.setattr(memory, "LARGE_STEP", 1.0)
    memory.layout_of(few, DATASET)
    assert meshes == [2, 1, 1], "small steps; no room for copies of the images; large steps"
