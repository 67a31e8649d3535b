"""A dry run says what would be trained, and leaves nothing."""

import re

import pytest
from small_runs import digits_command

from vae_jax.main import main


def forecast(capsys, folder, *more):
    assert main(digits_command(folder, "--dry_run", *more)) == 0
    return capsys.readouterr().out


def test_members_and_programs_are_counted_and_told(tmp_path, capsys):
    said = forecast(
        capsys, tmp_path / "run", "--sweep=hidden=(16,)|(8,)", "--sweep=latent_dim=2,5", "--sweep=seed=range(3)"
    )
    assert said.startswith("12 members in 2 programs\n")
    assert "group_0: 6 members varying in seed, latent_dim, 64-16-5, batch 64, 4 epochs of 5 steps; " in said
    assert "group_1: 6 members varying in seed, latent_dim, 64-8-5, " in said
    assert not (tmp_path / "run").exists()


def seconds(said):
    number, unit = re.search(r"time: about ([\d.]+) (s|min|h)", said).groups()
    return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]


def test_time_grows_with_the_steps(tmp_path, capsys):
    wide = "--config.model.hidden=(2000,)"
    short = seconds(forecast(capsys, tmp_path / "run", wide, "--config.train.epochs=20"))
    long = seconds(forecast(capsys, tmp_path / "run", wide, "--config.train.epochs=20000"))
    assert long > 50 * max(short, 1)


def test_memory_is_said_with_what_is_free(tmp_path, capsys):
    said = forecast(capsys, tmp_path / "run", "--sweep=seed=range(3)")
    assert re.search(r"memory: about [\d.]+ [GM]B, programs one after another \([\d.]+ [GM]B free\)", said)


@pytest.mark.parametrize(
    ("more", "said"), [("--sweep=seed=range(1000000)", "at most 10,000"), ("--sweep=beta=1,2", "no such field")]
)
def test_what_can_not_be_trained_can_not_be_forecast(tmp_path, capsys, more, said):
    assert main(digits_command(tmp_path / "run", "--dry_run", more)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
