"""The likelihood at a run's end: in the summary and the report, kept, and computed again with other samples."""

import json
import logging
import time

import numpy as np
import pytest
from made_runs import make_run
from small_runs import small_config, small_dataset

from vae_jax.core.clock import Clock
from vae_jax.core.signals import StoppedError
from vae_jax.evaluation import likelihood
from vae_jax.runs import end_likelihood
from vae_jax.runs.end_likelihood import FIRST_IMAGES_FILE, LIKELIHOOD_FILE, add_likelihood
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_run
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.loop import Trainer
from vae_jax.training.sharding import Layout

DATA = small_dataset()


def trainer_of(folder, group):
    checkpoints = Checkpoints(RunFolder(folder).checkpoints / group.name, 1)
    trainer = Trainer(group, DATA, Layout(), checkpoints, Clock(time.perf_counter()))
    trainer.last["test"] = [{"step": 0, "loss": 1.0}, {"step": 0, "loss": 2.0}]
    return trainer


@pytest.mark.slow
def test_the_likelihood_is_added_to_the_last_test_metrics_and_kept_beside_the_checkpoints(tmp_path, monkeypatch):
    config = small_config(sweep=("seed=0,1",), eval={"nll_samples": 20})
    group, state = make_run(tmp_path, config, DATA)
    trainer, said = trainer_of(tmp_path, group), []
    add_likelihood(trainer, state, said.append)
    first, second = trainer.last["test"]
    assert (first["loss"], first["nll_samples"], first["information_images"]) == (1.0, 20, len(DATA.test))
    assert first["nll"] != second["nll"]
    assert said[0] == "estimating the likelihood of 10 images"
    # The same for the loaded model, image by image.
    found = load_run(tmp_path, 1).log_likelihood(DATA.test.images, 20)
    assert second["nll"] == pytest.approx(-float(found.mean()), rel=1e-5)
    assert second["nll_standard_error"] == pytest.approx(found.std(ddof=1) / np.sqrt(10), rel=1e-4)
    assert first["mutual_information"] <= np.log(10) + 1e-4

    def stopped(*args, **settings):
        raise StoppedError(2, saved=False)

    monkeypatch.setattr(end_likelihood, "log_likelihoods", stopped)
    again = trainer_of(tmp_path, group)
    add_likelihood(again, state, said.append)  # read, not computed
    assert again.last == trainer.last
    with pytest.raises(StoppedError):
        add_likelihood(again, state, said.append, anew=True)
    kept = trainer.checkpoints.folder / LIKELIHOOD_FILE
    kept.write_text(json.dumps({"made": {"step": 0, "data": DATA.fingerprint, "asked": 20}, "members": [3]}))
    with pytest.raises(StoppedError):  # damaged
        add_likelihood(again, state, said.append)


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [False, True])
def test_an_interrupted_estimate_goes_on_with_the_next_images_to_the_same_bits(tmp_path, monkeypatch, damaged):
    monkeypatch.setitem(likelihood.PIXELS_AT_ONCE, "cpu", 4 * DATA.test.images[0].size * likelihood.DRAWN_TOGETHER)
    monkeypatch.setattr(end_likelihood, "SECONDS_BETWEEN_SAVES", 0.0)
    group, state = make_run(tmp_path, small_config(sweep=("seed=0,1",), eval={"nll_samples": 20}), DATA)
    whole, broken = trainer_of(tmp_path, group), trainer_of(tmp_path, group)
    add_likelihood(whole, state, logging.debug)
    first_images = whole.checkpoints.folder / FIRST_IMAGES_FILE
    assert not first_images.exists()

    def interrupted(message):
        if "67%" in message:  # after the second of three batches
            raise StoppedError(2, saved=False)

    with pytest.raises(StoppedError):
        add_likelihood(broken, state, interrupted, anew=True)
    assert np.load(first_images)["log_p"].shape == (2, 4)
    if damaged:
        first_images.write_bytes(first_images.read_bytes()[:-30])
    said = []
    add_likelihood(broken, state, said.append, anew=True)
    assert [message for message in said if "33%" in message] == said[1:2] * damaged
    assert broken.last == whole.last
    assert not first_images.exists()


def test_without_samples_nothing_is_computed(tmp_path):
    group, state = make_run(tmp_path, small_config(sweep=("seed=0,1",)), DATA)
    trainer = trainer_of(tmp_path, group)
    add_likelihood(trainer, state, logging.error)
    assert "nll" not in trainer.last["test"][0]
    assert not (trainer.checkpoints.folder / LIKELIHOOD_FILE).exists()
