"""A dry run says what would be trained, and leaves nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import digits_command

from vae_jax.main import main


def forecast(capsys, folder, *more):
    assert main(digits_command(folder, "--dry_run", *more)) == 0
    return capsys.readouterr().out


def test_members_programs_and_memory_are_told(tmp_path, capsys):
    said = forecast(
        capsys, tmp_path / "run", "--sweep=hidden=(16,)|(8,)", "--sweep=latent_dim=2,5", "--sweep=seed=range(3)"
    )
    assert said.startswith("12 members in 2 programs\n")
    assert "group_0: 6 members varying in seed, latent_dim, 64-16-5, batch 64, 4 epochs of 5 steps; " in said
    assert "group_1: 6 members varying in seed, latent_dim, 64-8-5, " in said
    assert re.search(r"memory: about [\d.]+ [GM]B, programs one after another \([\d.]+ [GM]B free\)", said)
    assert not (tmp_path / "run").exists()


def seconds(said):
    number, unit = re.search(r"time: about ([\d.]+) (s|min|h)", said).groups()
    return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]


@pytest.mark.slow
def test_time_grows_with_the_steps(tmp_path, capsys):
    wide = "--config.model.hidden=(2000,)"
    short = seconds(forecast(capsys, tmp_path / "run", wide, "--config.train.epochs=20"))
    long = seconds(forecast(capsys, tmp_path / "run", wide, "--config.train.epochs=20000"))
    assert long > 50 * max(short, 1)


@pytest.mark.parametrize(
    ("more", "said"), [("--sweep=seed=range(1000000)", "at most 10,000"), ("--sweep=beta=1,2", "no such field")]
)
def test_what_can_not_be_trained_can_not_be_forecast(tmp_path, capsys, more, said):
    assert main(digits_command(tmp_path / "run", "--dry_run", more)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


@pytest.mark.slow
@pytest.mark.parametrize("members", [2, 8])
def test_the_memory_that_is_said_is_what_a_run_takes_within_a_fifth(tmp_path, members):
    """In a process of its own each, as users start them for the first time: with nothing compiled yet.

    Now and then the allocator keeps much of what a run gave back to it: the least of three runs is what one takes.
    """
    config = Path(__file__).parents[1] / "configs" / "dogpeople.py"
    sizes = ["--config.data.drawn=2000", "--config.train.epochs=3", "--config.train.steps_per_epoch=60"]
    line = [sys.executable, "-m", "vae_jax.main", f"--config={config}", *sizes]
    line += [f"--config.data.prepared_dir={tmp_path}", f"--sweep=seed=range({members})"]
    line += ["--config.checkpoint.every_epochs=1"]  # saved while it trains on, in blocks of seconds, as longer runs do
    env = {name: value for name, value in os.environ.items() if name != "VAE_JAX_RAW"}
    dry_run = [*line, f"--workdir={tmp_path / 'run'}", "--dry_run"]
    said = subprocess.run(dry_run, env=env, capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"memory: about ([\d.]+) (MB|GB)", said).groups()
    memory = pytest.approx(float(number) * {"MB": 1e6, "GB": 1e9}[unit], rel=0.2)
    taken = []
    for run in range(3):
        cold = env | {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / f"compiled_{run}")}
        taken.append(peak([*line, f"--workdir={tmp_path / f'run_{run}'}"], cold))
        if min(taken) == memory:
            break
    assert min(taken) == memory, taken


def peak(line, env):
    """Bytes that a command held at most."""
    with subprocess.Popen(line, env=env, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    assert not status
    return 1024 * usage.ru_maxrss
