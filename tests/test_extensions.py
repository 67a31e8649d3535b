"""The parts from outside in `tests/extensions` train in sweeps like the package's own, which never names them."""

import ast
from pathlib import Path

import pytest
import strangers
from small_runs import digits_command

import vae_jax
from vae_jax.core.registry import registry_of
from vae_jax.main import main

PACKAGE = Path(vae_jax.__file__).parent
IMPORTS = [f"--import={file}" for file in strangers.FILES]

# What goes together in one sweep, and what it sweeps.
SWEEPS = {
    "parts": (
        [
            *("--config.model.encoder=margins", "--config.model.decoder=outer", "--config.model.prior=student"),
            *("--config.model.likelihood=cauchy", "--config.optimiser.name=lion", "--config.data.binarise=noisy"),
            *("--config.objective.warmup=square", "--config.optimiser.schedule=square"),
            "--config.sampler.name=jittered",
            *("--config.model.posterior=laplacian", "--config.posteriors.laplacian.floor=0.01"),
        ],
        ["--sweep=latent_dim=2,3", "--sweep=likelihoods.cauchy.b=0.1,0.2"],
        4,
    ),
    "objective": (
        ["--config.objective.name=adversarial"],
        ["--sweep=latent_dim=2,3", "--sweep=objectives.adversarial.strength=1,2"],
        4,
    ),
    "model": (["--config.model.name=two_levels"], ["--sweep=latent_dim=2,3"], 2),
}


@pytest.fixture(autouse=True)
def forgotten():
    with strangers.none_left():
        yield


@pytest.mark.parametrize("file", strangers.FILES, ids=lambda file: file.stem)
def test_a_part_is_a_small_file_with_a_docstring(file):
    text = file.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 60


def test_every_kind_has_a_part_from_outside():
    kinds = {kind for kind, _ in strangers.NAMES}
    assert kinds >= {
        "posterior",
        "prior",
        "encoder",
        "decoder",
        "likelihood",
        "objective",
        "model",
        "optimiser",
        "sampler",
    }
    assert kinds >= {"transform", "schedule"}


def test_nothing_in_the_package_refers_to_them():
    text = "".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    assert not [name for _, name in strangers.NAMES if f'"{name}"' in text]


@pytest.mark.slow
@pytest.mark.parametrize("which", SWEEPS)
def test_they_train_in_a_sweep_under_the_mask(which, tmp_path):
    chosen, swept, count = SWEEPS[which]
    assert main([*digits_command(tmp_path / "run"), *IMPORTS, *chosen, *swept]) == 0
    sweep = vae_jax.load_sweep(tmp_path / "run")
    assert len(sweep.members) == count
    assert all(member["failed_in_step"] is None for member in sweep.members)
    assert len(list((tmp_path / "run" / "checkpoints").glob("group_*"))) == 1  # all latent sizes in one program
    last = sweep.load(count - 1)
    assert last.sample(2).shape == (2, 8, 8, 1)
    assert last.encode_test().reconstructions.shape == last.test.images.shape


def test_each_of_them_is_in_one_of_the_sweeps():
    text = repr(SWEEPS)
    assert not [name for _, name in strangers.NAMES if f"={name}'" not in text]


def test_they_are_forgotten_between_tests():
    assert not registry_of("posterior").from_outside()
