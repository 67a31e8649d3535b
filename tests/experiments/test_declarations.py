"""Every experiment is a valid declaration, and says in its README what it found."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from vae_jax.api import get_config
from vae_jax.config.schema import validate
from vae_jax.config.sweep_language import expand
from vae_jax.core.provenance import ENVIRONMENT
from vae_jax.runs.plan import check_config

ROOT = Path(__file__).parents[2] / "experiments"
# The benchmark trains nothing to look at: it has its own shape.
NAMES = sorted(path.parent.name for path in ROOT.glob("*/__main__.py") if path.parent.name != "speed")
MOST_QUICK_STEPS = 1000


def experiment(name):
    return import_module(f"experiments.{name}.__main__").EXPERIMENT


def members(training, *, quick):
    config = training.resolve(quick=quick)
    config.sweep = training.sweep
    check_config(validate(config))
    return expand(validate(config))


@pytest.mark.parametrize("name", NAMES)
def test_every_training_is_valid(name):
    for training in experiment(name).trainings.values():
        assert members(training, quick=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_differs_from_its_config(name):
    for training in experiment(name).trainings.values():
        own = get_config(training.config)
        flat = {name: own[name.split(".")[0]][name.split(".")[1]] for name in training.settings}
        assert not [name for name, value in training.settings.items() if flat[name] == value]


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_look_has_the_same_members_and_few_steps(name):
    for training in experiment(name).trainings.values():
        quick = members(training, quick=True)
        assert len(quick) == len(members(training, quick=False))
        assert sum(each.train.epochs * each.train.steps_per_epoch for each in quick) <= MOST_QUICK_STEPS


@pytest.mark.parametrize("name", NAMES)
def test_it_lies_in_the_folder_of_its_name(name):
    assert experiment(name).folder == ROOT / name


@pytest.mark.parametrize("name", NAMES)
def test_what_its_readme_shows_is_there(name):
    text = (ROOT / name / "README.md").read_text()
    assert f"python -m experiments.{name}" in text
    linked = re.findall(r"\]\(([^)]+)\)", text)
    kept = {file.name for file in (ROOT / name).glob("*.png")}
    assert {link for link in linked if link.endswith(".png")} == kept
    assert kept
    assert all(file.stat().st_size <= 200_000 for file in (ROOT / name).glob("*.png"))
    assert {"results.csv", "provenance.json"} <= {file.name for file in (ROOT / name).iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_what_it_takes_to_repeat_it_lies_beside_it(name):
    kept = json.loads((ROOT / name / "provenance.json").read_text())
    assert kept["command"] == f"python -m experiments.{name}"
    declared = experiment(name).trainings
    assert kept["trainings"].keys() == declared.keys()
    for training, told in zip(declared.values(), kept["trainings"].values(), strict=True):
        assert (told["config"], tuple(told["sweep"])) == (training.config, training.sweep)
        assert told["settings"] == json.loads(json.dumps(training.settings))
        assert all(told[part] for part in ("seeds", "data", "seconds", "resolved", *ENVIRONMENT))
