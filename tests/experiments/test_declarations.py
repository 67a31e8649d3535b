"""Every experiment is a valid declaration, and says in its README what it found."""

import json
import re
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
import strangers

from vae_jax.api import get_config
from vae_jax.config.schema import validate
from vae_jax.config.sweep_language import expand
from vae_jax.core.provenance import ENVIRONMENT
from vae_jax.runs.plan import check_config

ROOT = Path(__file__).parents[2] / "experiments"
# The benchmark trains nothing to look at: it has its own shape.
FOUND = (path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.rglob("__main__.py"))
NAMES = sorted(name for name in FOUND if name != "speed")
# The others say in their READMEs that they were not run yet, and have no results.
RUN = [name for name in NAMES if (ROOT.joinpath(*name.split(".")) / "results.csv").is_file()]
MOST_QUICK_STEPS = 1000


def folder_of(name):
    return ROOT.joinpath(*name.split("."))


@pytest.fixture
def experiment(name):
    with strangers.experiment(name) as found:
        yield found


def members(training, *, quick):
    config = training.resolve(quick=quick)
    config.sweep = training.sweep
    check_config(validate(config))
    return expand(validate(config))


@pytest.mark.parametrize("name", NAMES)
def test_every_training_is_valid(name, experiment):
    for training in experiment.trainings.values():
        assert members(training, quick=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_differs_from_its_config(name, experiment):
    for training in experiment.trainings.values():
        own = get_config(training.config)
        for settings in (training.settings, training.short):
            assert not [name for name, value in settings.items() if reduce(getitem, name.split("."), own) == value]


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_look_has_the_same_members_and_few_steps(name, experiment):
    for training in experiment.trainings.values():
        quick = members(training, quick=True)
        assert len(quick) == len(members(training, quick=False))
        assert sum(each.train.epochs * each.train.steps_per_epoch for each in quick) <= MOST_QUICK_STEPS


@pytest.mark.parametrize("name", NAMES)
def test_it_lies_in_the_folder_of_its_name(name, experiment):
    assert experiment.folder == folder_of(name)
    assert experiment.name == name


def test_a_readme_says_that_an_experiment_was_not_run_yet():
    for name in {*NAMES} - {*RUN}:
        text = (folder_of(name) / "README.md").read_text()
        assert "\n\nNot run yet" in text
        assert f"`python -m experiments.{name}`" in text
        files = {file.name for file in folder_of(name).iterdir()}
        assert files <= {"README.md", "__init__.py", "__main__.py", "__pycache__"}


@pytest.mark.parametrize("name", RUN)
def test_what_its_readme_shows_is_there(name, experiment):
    text, here = (folder_of(name) / "README.md").read_text(), folder_of(name)
    assert f"python -m experiments.{name}" in text
    linked = re.findall(r"\]\(([^)]+)\)", text)
    kept = {file.name for file in here.glob("*.png")}
    assert {link for link in linked if link.endswith(".png")} == kept
    assert kept
    assert all(file.stat().st_size <= 200_000 for file in here.glob("*.png"))
    assert {"results.csv", "provenance.json"} <= {file.name for file in here.iterdir()}


@pytest.mark.parametrize("name", RUN)
def test_what_it_takes_to_repeat_it_lies_beside_it(name, experiment):
    kept = json.loads((folder_of(name) / "provenance.json").read_text())
    declared, short = experiment.trainings, " --short" if kept["command"].endswith(" --short") else ""
    assert kept["command"] == f"python -m experiments.{name}{short}"
    assert kept["trainings"]
    for training, told in ((declared[name], told) for name, told in kept["trainings"].items()):
        assert (told["config"], tuple(told["sweep"])) == (training.config, training.sweep)
        assert told["settings"] == json.loads(json.dumps({**training.settings, **(training.short if short else {})}))
        assert all(told[part] for part in ("seeds", "data", "seconds", "resolved", *ENVIRONMENT))
