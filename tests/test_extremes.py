"""Extreme images and settings: each member gets finite numbers, or is named with the step in which it failed."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from small_runs import ONE_DRAWN

from vae_jax.main import main

CONFIG = Path(__file__).parents[1] / "configs" / "freyfaces.py"
FILMS = {
    "black": np.zeros((200, 28, 20)),
    "white": np.full((200, 28, 20), 255),
    "one grey": np.full((200, 28, 20), 128),
    "black or white": np.random.default_rng(0).integers(0, 2, (200, 28, 20)) * 255,
}
SWEEP = ("--sweep=beta_kl=1,1e6", "--sweep=learning_rate=1e-3,10")


def numbers(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return [number for each in tree for number in numbers(each)]
    return [tree] if isinstance(tree, float) else []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("film", "likelihood"),
    [
        ("black", "bernoulli"),
        ("black", "gaussian_learned"),
        ("white", "mse"),
        ("one grey", "gaussian_learned"),
        ("black or white", "bernoulli"),
        ("black or white", "gaussian_learned"),
        ("one grey", "discretised_logistic"),
    ],
)
def test_every_member_has_finite_numbers_or_a_step_in_which_it_failed(tmp_path, monkeypatch, caplog, film, likelihood):
    (tmp_path / "freyfaces").mkdir()
    np.save(tmp_path / "freyfaces" / "frey.npy", FILMS[film].astype(np.uint8))
    monkeypatch.setenv("VAE_JAX_RAW", str(tmp_path))
    sizes = ["--config.train.epochs=4", "--config.train.steps_per_epoch=25", "--config.model.hidden=(8,)"]
    fields = [*sizes, "--config.train.batch_size=20", f"--config.model.likelihood={likelihood}", ONE_DRAWN]
    run = tmp_path / "run"
    assert main(["vae_jax.main", f"--config={CONFIG}", f"--workdir={run}", *fields, *SWEEP]) == 0
    members = json.loads((run / "summary.json").read_text())["members"]
    assert len(members) == 4
    for member in members:
        if member["failed_in_step"] is None:
            found = numbers([member["train"], member["test"]])
            assert found
            assert all(math.isfinite(number) for number in found), member
        else:
            assert f"member {member['member']}: in step {member['failed_in_step']} " in caplog.text
    assert members[0]["failed_in_step"] is None, "the gentle one"
    assert (run / "report.html").is_file()
