"""A disk that fails while a run is written: one clear line, what was saved is whole, and the same command goes on."""

import json
import shutil
import subprocess
import time

import numpy as np
import pytest
from small_runs import ONE_DRAWN, digits_command

from vae_jax.main import main
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.metrics_log import MetricsLog

LONGER = ("--config.train.epochs=12", "--config.checkpoint.every_epochs=1", "--config.log.tensorboard=False")


def mount(*arguments):
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False).returncode == 0


def unmount(folder):
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@pytest.fixture
def disk(tmp_path):
    """A small file system for the test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=40m", "tmpfs", folder):
        pytest.skip("no right to mount a file system of a given size")
    yield folder
    unmount(folder)


def after_step(monkeypatch, step, harm):
    """Break the disk when the first line of metrics after a step is written."""
    write, done = MetricsLog.write, []

    def harmful(metrics_log, line):
        write(metrics_log, line)
        if line["step"] >= step and not done:
            done.append(harm())

    monkeypatch.setattr(MetricsLog, "write", harmful)


def last_arrays(run):
    checkpoints = Checkpoints(run / "checkpoints" / "group_0", 1)
    found = {name: np.asarray(leaf) for name, leaf in checkpoints._checkpointer.load(60).items()}
    checkpoints.close()
    return found


def steps_kept(run):
    return sorted(int(path.name) for path in (run / "checkpoints" / "group_0").iterdir() if path.name.isdigit())


def fill(folder):
    """Leave no room at all."""
    with (folder / "filling").open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 12))
                file.flush()
        except OSError:
            pass


def refused(command, capsys):
    """The error line of a command that failed while training."""
    assert main(command) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    return line


def goes_on_to_the_same_end(folder, command):
    kept = steps_kept(folder / "run")
    assert kept
    assert kept[-1] <= 30
    assert main(command) == 0
    assert main(digits_command(folder / "whole", *LONGER)) == 0
    for name, array in last_arrays(folder / "whole").items():
        np.testing.assert_array_equal(last_arrays(folder / "run")[name], array)


@pytest.mark.slow
def test_a_full_disk_is_named_and_with_room_the_run_goes_on(disk, monkeypatch, capsys):
    command = digits_command(disk / "run", *LONGER)
    with monkeypatch.context() as patch:
        after_step(patch, 30, lambda: fill(disk))
        line = refused(command, capsys)
    assert f"{disk / 'run'}: can't be written any more (No space left on device); what was saved before" in line
    (disk / "filling").unlink()
    goes_on_to_the_same_end(disk, command)


@pytest.mark.slow
def test_a_folder_that_becomes_read_only_is_named_and_with_rights_the_run_goes_on(disk, monkeypatch, capsys):
    command, locked = digits_command(disk / "run", *LONGER), disk / "run" / "checkpoints"

    def lock():
        assert mount("--bind", locked, locked)
        # Refused while a checkpoint is being written, in another thread.
        assert any(mount("-o", "remount,bind,ro", locked) or time.sleep(0.05) for _ in range(600))

    with monkeypatch.context() as patch:
        after_step(patch, 30, lock)
        line = refused(command, capsys)
    assert f"{disk / 'run'}: can't be written any more (Read-only file system)" in line
    unmount(locked)
    goes_on_to_the_same_end(disk, command)


def test_a_folder_that_vanishes_is_named_and_not_created_again(tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    after_step(monkeypatch, 20, lambda: run.rename(tmp_path / "elsewhere"))
    line = refused(digits_command(run, *LONGER), capsys)
    assert f"{run}: can't be written any more (No such file or directory)" in line
    assert not (run / "config.json").exists()
    assert steps_kept(tmp_path / "elsewhere")


@pytest.mark.slow
def test_no_room_for_the_report_leaves_the_trained_model(disk, monkeypatch, capsys):
    folder = disk
    command = digits_command(folder / "run", *LONGER, ONE_DRAWN)
    with monkeypatch.context() as patch:
        patch.setattr("vae_jax.runs.training.RunFigures.draw_together", lambda run_figures: fill(folder))
        assert "No space left on device" in refused(command, capsys)
    assert not (folder / "run" / "summary.json").exists()
    (folder / "filling").unlink()
    before = last_arrays(folder / "run")
    assert main(command) == 0
    assert (folder / "run" / "report.html").is_file()
    assert json.loads((folder / "run" / "summary.json").read_text())["members"][0]["train"]["step"] == 60
    for name, array in last_arrays(folder / "run").items():
        np.testing.assert_array_equal(before[name], array)


@pytest.mark.slow
def test_a_run_is_only_finished_once_its_newest_checkpoint_was_read_back(tmp_path, monkeypatch, capsys):
    """The disk returns other bytes than were written."""
    run, close = tmp_path / "run", Checkpoints.close
    command = digits_command(run, *LONGER)

    def close_and_rot(checkpoints):
        close(checkpoints)
        for file in (checkpoints.folder / "60").rglob("*"):
            if file.is_file() and file.parent.name == "d":
                file.write_bytes(file.read_bytes()[:-9] + bytes(9))

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "close", close_and_rot)
        said = refused(command, capsys)
    assert "group_0/60: was saved but can't be read back" in said
    assert not (run / "summary.json").exists()
    assert not (run / "report.html").exists()
    assert main(command) == 0
    assert (run / "summary.json").is_file()
    assert [path.name for path in (run / "checkpoints" / "damaged_checkpoints").iterdir()] == ["60"]
