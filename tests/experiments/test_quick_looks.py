"""Every experiment, a quick look at it: on noise in place of MNIST, and on drawn photographs."""

import csv
from pathlib import Path

import numpy as np
import pytest
import strangers
from drawn_photographs import draw_dogs, draw_people

from vae_jax.data.sources import binarized_mnist
from vae_jax.research.experiment import main

NAMES = (
    "beta_latent",
    "blog",
    "dynamic_range",
    "layer_sizes",
    "likelihoods.burda",
    "likelihoods.iaf",
    "likelihoods.overfitting",
    "likelihoods.pythae",
    "warmup",
)


BINARY_DIGITS = {"train": 200, "valid": 40, "test": 50}  # rows


@pytest.fixture(scope="module")
def raw(tmp_path_factory, put_noise_digits):
    """A working folder with all that experiments read."""
    folder = tmp_path_factory.mktemp("experiments")
    put_noise_digits(folder / "data" / "raw" / "mnist", 200, 50)
    for split, rows in BINARY_DIGITS.items():
        digits = np.random.default_rng(rows).integers(0, 2, (rows, 28 * 28))
        np.savetxt(folder / "data" / "raw" / f"binarized_mnist_{split}.amat", digits, "%d")
    draw_people(folder / "data" / "raw", 60)
    draw_dogs(folder / "data" / "raw", 60)
    return folder


def test_none_is_left_out():
    here = Path(__file__).parents[2] / "experiments"
    found = {path.parent.relative_to(here).as_posix().replace("/", ".") for path in here.rglob("__main__.py")}
    assert found == {*NAMES, "speed"}


# Of many programs or large models each: minutes.
LONG = ("beta_latent", "blog", "dynamic_range", "layer_sizes", "likelihoods.iaf", "likelihoods.pythae")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.release if name in LONG else pytest.mark.optimised) for name in NAMES]
)
def test_a_quick_look_gives_a_table_and_the_pictures_of_the_kept_one(raw, monkeypatch, name):
    monkeypatch.chdir(raw)
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    monkeypatch.setattr(binarized_mnist, "ROWS", BINARY_DIGITS)
    with strangers.experiment(name) as experiment:
        assert main(experiment, ["--quick", f"--workdir={name}"]) == 0
        looked = raw / name / "quick" / "findings"
        pictures = {path.name for path in looked.glob("*.png")}
        assert pictures
        if (experiment.folder / "results.csv").is_file():
            assert pictures == {path.name for path in experiment.folder.glob("*.png")}
        with (looked / "results.csv").open() as table:
            assert list(csv.DictReader(table))
