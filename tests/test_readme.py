"""What the README promises: its commands are ones that the command line takes, its files are there."""

import re
import shlex
from pathlib import Path

import pytest

from vae_jax.command_line import parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"python (-m vae_jax\.main [^`|\n]*)", README)))


def test_the_two_commands_do_all_their_set_up():
    blocks = re.findall(r"```sh\n(python3 -m venv .*)\n```", README)
    assert [block.split("&&")[-1].strip() for block in blocks] == [
        ".venv/bin/python -m vae_jax.main --config=configs/dogpeople.py",
        ".venv/bin/pytest",
    ]
    assert all("pip install -e" in block for block in blocks)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_understood(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    parsed = parse(["vae_jax.main", *shlex.split(command)[2:]])
    assert parsed.config is not None or parsed.mode != "train"


def test_every_file_that_is_linked_is_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_every_config_is_in_the_table():
    named = set(re.findall(r"`(\w+)`", " ".join(line for line in README.splitlines() if line.startswith("| `"))))
    assert {file.stem for file in (ROOT / "configs").glob("*.py")} <= named
