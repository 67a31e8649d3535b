"""Checkpoints: reading returns what was written, and damage is named and survived."""

import errno
import logging
import shutil
import threading
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.core.errors import UserError
from vae_jax.training.checkpoints import Checkpoints, _errors_as_oserror


def state_at(step):
    return {"w": jnp.arange(600, dtype=jnp.float32).reshape(2, 300) + step, "step": jnp.array([step, step])}


def saved(folder, steps, keep=5):
    folder.mkdir(exist_ok=True)
    checkpoints = Checkpoints(folder, keep)
    for step in steps:
        checkpoints.save(step, state_at(step), {"step": step, "note": "é"})
    checkpoints.close()


def restored(folder):
    template = jax.eval_shape(lambda: state_at(0))
    checkpoints = Checkpoints(folder, 5)
    found = checkpoints.restore(template)
    checkpoints.close()
    return found


def test_runs_in_several_threads_save_at_once(tmp_path):
    """Orbax numbers operations in the whole process: saves started at once waited for each other's signals."""
    threads = [threading.Thread(target=saved, args=(tmp_path / str(k), range(4)), daemon=True) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    for k in range(3):
        state, record = restored(tmp_path / str(k))
        np.testing.assert_array_equal(state["w"], state_at(3)["w"])
        assert record["step"] == 3


def flip_a_byte(folder):
    largest = max((p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)


def test_a_given_step_can_be_read(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=9)
    for step in (3, 5):
        checkpoints.save(step, {"a": np.full(2, step)}, {})
    checkpoints.close()
    assert checkpoints.steps() == [3, 5]
    state, _ = checkpoints.restore({"a": np.zeros(2, int)}, 3)
    assert state["a"].tolist() == [3, 3]
    assert checkpoints.restore({"a": np.zeros(2, int)}, 4) is None
    checkpoints.close()


def test_no_folder_means_no_checkpoint(tmp_path):
    assert restored(tmp_path / "checkpoints") is None
    assert not (tmp_path / "checkpoints").exists()


def test_the_newest_state_and_its_record_come_back(tmp_path):
    saved(tmp_path / "checkpoints", [10, 20])
    state, record = restored(tmp_path / "checkpoints")
    assert record == {"step": 20, "note": "é"}
    for name, leaf in state_at(20).items():
        np.testing.assert_array_equal(state[name], leaf)
        assert state[name].dtype == leaf.dtype


def test_only_the_newest_are_kept(tmp_path):
    saved(tmp_path / "checkpoints", [10, 20, 30], keep=2)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["20", "30"]


def test_a_saved_state_may_be_overwritten_at_once(tmp_path):
    """Training donates the state: arrays that are still being written must not change."""
    checkpoints = Checkpoints(tmp_path, 1)
    state = {"w": np.zeros((1, 2_000_000), np.float32)}
    checkpoints.save(1, state, {})
    state["w"][:] = 1
    checkpoints.close()
    found, _ = Checkpoints(tmp_path, 1).restore(jax.eval_shape(lambda: jax.tree.map(jnp.asarray, state)))
    assert not np.asarray(found["w"]).any()


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove", "metadata"])
def test_a_damaged_step_is_named_and_moved_aside_and_the_one_before_is_used(tmp_path, caplog, harm):
    folder = tmp_path / "checkpoints"
    saved(folder, [10, 20])
    step = folder / "20"
    if harm == "flip":
        flip_a_byte(step)
    elif harm == "truncate":
        largest = max((p for p in step.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
        largest.write_bytes(b"")
    elif harm == "remove":
        max((p for p in step.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size).unlink()
    else:
        (step / "_CHECKPOINT_METADATA").write_text("{")
    falls_back(folder, caplog)


def falls_back(folder, caplog):
    """Step 20 is named and moved aside, and step 10 is restored."""
    with caplog.at_level(logging.WARNING, "vae_jax"):
        state, record = restored(folder)
    assert record["step"] == 10
    np.testing.assert_array_equal(state["w"], state_at(10)["w"])
    assert "checkpoints/20: can't be used (" in caplog.text
    assert (folder.parent / "damaged_checkpoints" / "20").is_dir()


def test_no_readable_checkpoint_is_an_error_that_names_the_folder(tmp_path):
    folder = tmp_path / "checkpoints"
    saved(folder, [10])
    flip_a_byte(folder / "10")
    with pytest.raises(UserError, match=r"checkpoints: none of the checkpoints \[10\] can be read"):
        restored(folder)


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("older", "said"),
    [
        (lambda state: {"w": state["w"]}, "found no array step"),
        (lambda state: {"weights": state["w"], "step": state["step"]}, "found no array w"),
        (lambda state: {"w": state["w"], "step": state["step"], "x": state["step"]}, "found an array x"),
        (lambda state: {"w": state["w"][:, :7], "step": state["step"]}, r"found w as float32\(2, 7\), needs .*2, 300"),
        (lambda state: {"w": state["w"].astype(jnp.int32), "step": state["step"]}, r"found w as int32.*needs float32"),
        (lambda state: {"w": np.float64(state["w"]), "step": state["step"]}, r"float64.*float32; set JAX_ENABLE_X64"),
        (lambda state: {"w": np.float16(state["w"]), "step": state["step"]}, "float16.*float32; unset JAX_ENABLE_X64"),
    ],
    ids=["fewer arrays", "another name", "more arrays", "another shape", "another kind", "longer", "shorter"],
)
def test_an_undamaged_step_with_other_arrays_is_refused_and_not_moved(tmp_path, older, said):
    """It is not damaged: nothing is moved, and no older step is used instead."""
    folder = tmp_path / "checkpoints"
    saved(folder, [10])
    checkpoints = Checkpoints(folder, 5)
    checkpoints.save(20, older(state_at(20)), {"step": 20})
    checkpoints.close()
    before = everything(tmp_path)
    with pytest.raises(UserError, match=f"checkpoints/20: .*{said}"):
        restored(folder)
    with pytest.raises(UserError, match=f"checkpoints/20: .*{said}"):
        checkpoints.newest_record(jax.eval_shape(lambda: state_at(0)))
    checkpoints.close()
    assert everything(tmp_path) == before


def test_a_reader_can_round_to_its_own_precision(tmp_path):
    checkpoints = Checkpoints(tmp_path, 5)
    exact = {"w": np.full((1, 3), 1 / 3), "step": np.array([4], np.int32)}
    checkpoints.save(4, exact, {"step": 4})
    checkpoints.close()
    template = {"w": jax.ShapeDtypeStruct((1, 3), jnp.float32), "step": jax.ShapeDtypeStruct((1,), jnp.int32)}
    state, _ = checkpoints.restore(template, cast=True)
    checkpoints.close()
    np.testing.assert_array_equal(state["w"], np.float32(exact["w"]))


def test_a_saved_step_that_can_not_be_read_back_is_an_error(tmp_path):
    folder = tmp_path / "checkpoints"
    saved(folder, [10, 20])
    checkpoints = Checkpoints(folder, 5)
    checkpoints.read_back(20)
    flip_a_byte(folder / "20")
    with pytest.raises(
        UserError, match=r"checkpoints/20: was saved but can't be read back \(.*the run is not finished"
    ):
        checkpoints.read_back(20)
    with pytest.raises(UserError, match="checkpoints/30: was saved but can't be read back"):
        checkpoints.read_back(30)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints"]


NAMES = [
    "vae[beta=1]",
    "a]b[c",
    "a*",
    "?",
    "back\\slash",
    "end\\",
    "gs:",
    "new\nline",
    "猫",
    "~",
    "-x",
    "{a}",
    "\udcff",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_parent_folder_can_have_any_name(tmp_path, name):
    folder = tmp_path / name / "checkpoints"
    folder.mkdir(parents=True)
    saved(folder, [10, 20], keep=1)
    state, record = restored(folder)
    assert record["step"] == 20
    np.testing.assert_array_equal(state["w"], state_at(20)["w"])
    assert [path.name for path in folder.iterdir()] == ["20"]


def test_runs_whose_names_match_as_glob_patterns_do_not_mix(tmp_path):
    """The glob pattern `a*b` also matches the files of `axb`."""
    for k, name in enumerate(("axb", "a*b", "a?b", "a[x]b")):
        (tmp_path / name).mkdir()
        saved(tmp_path / name / "checkpoints", [k])
    for k, name in enumerate(("axb", "a*b", "a?b", "a[x]b")):
        state, record = restored(tmp_path / name / "checkpoints")
        assert record["step"] == k
        np.testing.assert_array_equal(state["w"], state_at(k)["w"])


def test_a_step_may_be_damaged_saved_again_and_damaged_again(tmp_path, caplog):
    folder = tmp_path / "checkpoints"
    saved(folder, [10, 20], keep=2)
    flip_a_byte(folder / "20")
    checkpoints = Checkpoints(folder, 2)
    with caplog.at_level(logging.WARNING, "vae_jax"):
        _, record = checkpoints.restore(jax.eval_shape(lambda: state_at(0)))
        checkpoints.save(20, state_at(20), {"step": 20})
        checkpoints.close()
        assert (record["step"], restored(folder)[1]["step"], checkpoints.steps()) == (10, 20, [10, 20])
        for again in range(2):
            flip_a_byte(folder / "20")
            assert restored(folder)[1]["step"] == 10
            saved(folder, [20] if not again else [])
    assert sorted(path.name for path in (tmp_path / "damaged_checkpoints").iterdir()) == ["20", "20_1", "20_2"]


@pytest.mark.parametrize(("times", "enough"), [(2, False), (4, True)])
def test_nothing_is_written_on_a_disk_without_room(tmp_path, monkeypatch, times, enough):
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(state_at(0)))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=times * size))
    checkpoints = Checkpoints(tmp_path, 5)
    if enough:
        checkpoints.save(10, state_at(10), {})
    else:
        with pytest.raises(OSError, match="No space left on device"):
            checkpoints.save(10, state_at(10), {})
    checkpoints.close()
    assert checkpoints.steps() == [10] * enough


@pytest.mark.parametrize(
    ("raised", "number", "said"),
    [
        (ValueError("UNKNOWN: can't write [os_error_code='28']"), errno.ENOSPC, "No space left on device"),
        (RuntimeError("first line\nsecond"), None, "first line"),
        (RuntimeError(), None, "RuntimeError"),
        (OSError(errno.EROFS, "Read-only file system"), errno.EROFS, "Read-only file system"),
    ],
)
def test_errors_while_writing_keep_the_error_number_of_the_disk(raised, number, said):
    with pytest.raises(OSError, match=said) as found, _errors_as_oserror():
        raise raised
    assert found.value.errno == number
    assert (found.value.strerror or str(found.value)) == said
