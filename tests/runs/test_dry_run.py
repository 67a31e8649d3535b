"""A dry run prints what would be trained, and writes nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_runs import digits_command

from vae_jax.main import main


def forecast(capsys, folder, *more):
    assert main(digits_command(folder, "--dry_run", *more)) == 0
    return capsys.readouterr().out


@pytest.mark.slow
def test_members_and_memory_are_printed(tmp_path, capsys):
    said = forecast(capsys, tmp_path / "run", "--sweep=latent_dim=2,5", "--sweep=seed=range(3)")
    assert said.startswith("6 members in 1 program\n")
    assert "group_0: 6 members varying in seed, latent_dim, 64-16-5, batch 64, 4 epochs of 5 steps; " in said
    assert re.search(r"memory: about [\d.]+ [GM]B \([\d.]+ [GM]B free\)", said)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_members_programs_and_memory_are_printed(tmp_path, capsys):
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


@pytest.mark.slow
def test_the_time_of_the_likelihood_is_told_and_grows_with_its_samples(tmp_path, capsys):
    def of_likelihood(k):
        said = forecast(capsys, tmp_path / "run", f"--config.eval.nll_samples={k}", "--sweep=seed=0,1")
        number, unit = re.search(r" of training and ([\d.]+) (s|min|h) for the likelihood on ", said).groups()
        return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]

    assert of_likelihood(20_000_000) > 20 * max(of_likelihood(200_000), 1)
    assert "likelihood" not in forecast(capsys, tmp_path / "run")


@pytest.mark.parametrize(
    ("more", "said"), [("--sweep=seed=range(1000000)", "at most 10,000"), ("--sweep=beta=1,2", "no such field")]
)
def test_an_invalid_run_is_refused(tmp_path, capsys, more, said):
    assert main(digits_command(tmp_path / "run", "--dry_run", more)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


@pytest.mark.parametrize("more", [["--dry_run"], []], ids=["foretold", "trained"])
@pytest.mark.parametrize("width", ["--config.model.hidden=(100000,100000)", "--sweep=hidden=(8,)|(100000,100000)"])
def test_a_model_larger_than_the_memory_is_refused_with_the_numbers(tmp_path, capsys, monkeypatch, more, width):
    monkeypatch.setattr("vae_jax.training.memory.free_bytes", lambda: 10_000_000_000)
    assert main([*digits_command(tmp_path / "run", *more), width]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert re.search(r"config\.model\.hidden: too large for the memory: 64-.*100000-100000-2 takes at least ", line)
    assert "10.0 GB is free; make it smaller" in line
    assert not (tmp_path / "run").exists()


# Starts a command and prints the most kilobytes that it held. A process begins with its parent's most, until it becomes
# a command: so the parent is to be a small one.
WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(line, env):
    """The largest memory of a command, in bytes."""
    said = subprocess.run([sys.executable, "-c", WATCH, *line], env=env, capture_output=True, text=True, check=True)
    return 1024 * int(said.stdout)


@pytest.mark.slow
def test_the_measured_memory_of_a_command_is_its_own(tmp_path):
    mine = np.ones(100_000_000)  # 800 MB that a child must not be charged with
    held = peak([sys.executable, "-c", "b'x' * 200_000_000"], dict(os.environ))
    assert mine.all()
    assert 200_000_000 < held < 300_000_000


@pytest.mark.optimised
@pytest.mark.parametrize("members", [2, 8])
def test_the_forecast_memory_is_that_of_the_run_within_a_fifth(tmp_path, members):
    """Each in a process of its own, with nothing compiled yet."""
    config = Path(__file__).parents[2] / "configs" / "dogpeople.py"
    sizes = ["--config.data.drawn=2000", "--config.train.epochs=3", "--config.train.steps_per_epoch=60"]
    line = [sys.executable, "-m", "vae_jax.main", f"--config={config}", f"--workdir={tmp_path / 'run'}", *sizes]
    line += [f"--config.data.prepared_dir={tmp_path}", f"--sweep=seed=range({members})"]
    line += ["--config.checkpoint.every_epochs=1"]  # saved while it trains on, in blocks of seconds, as longer runs do
    env = {name: value for name, value in os.environ.items() if name != "VAE_JAX_RAW"}
    said = subprocess.run([*line, "--dry_run"], env=env, capture_output=True, text=True, check=True).stdout
    memory, unit = re.search(r"memory: about ([\d.]+) (MB|GB)", said).groups()
    taken = peak(line, env | {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled")})
    assert float(memory) * {"MB": 1e6, "GB": 1e9}[unit] == pytest.approx(taken, rel=0.2)
