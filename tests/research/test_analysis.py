"""Results that experiments read from trained sweeps."""

import dataclasses

import numpy as np
import pytest
from drawn_photographs import draw_dogs, draw_people
from made_runs import make_run
from sklearn.decomposition import PCA
from small_runs import small_config

from vae_jax.api import get_config, sweep
from vae_jax.core.errors import UserError
from vae_jax.data.sources.registry import load
from vae_jax.research.analysis import (
    class_separation,
    held_out_files,
    metrics_over_time,
    parameters,
    rows_of,
    train_seconds,
    units_over_time,
)
from vae_jax.runs.load import load_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    config = get_config("digits")
    config.model.hidden, config.train.epochs, config.train.steps_per_epoch = (8,), 2, 4
    config.checkpoint.every_epochs, config.eval.figure_members = 1, 0
    return sweep(config, "latent_dim=2,3", tmp_path_factory.mktemp("readings") / "run")


@pytest.mark.slow
def test_seconds_and_parameters(trained):
    assert train_seconds(trained) > 0
    # 64-8-(2*3) and 3-8-64
    assert parameters(trained) == (64 * 8 + 8) + (8 * 6 + 6) + (3 * 8 + 8) + (8 * 64 + 64)


@pytest.mark.slow
def test_metrics_and_active_units_over_time(trained):
    lines = metrics_over_time(trained, "train")
    assert [(line["member"], line["step"], line["latent_dim"]) for line in lines] == [
        (0, 4, 2), (1, 4, 3), (0, 8, 2), (1, 8, 3),
    ]  # fmt: skip
    ends = {row["member"]: row["active_units"] for row in rows_of(trained)}
    units = units_over_time(trained)
    assert {row["step"] for row in units} == {4, 8}
    assert {row["member"]: row["active_units"] for row in units if row["step"] == 8} == ends


def test_rows_have_settings_metrics_and_shared_columns(trained):
    rows = rows_of(trained, data="both")
    assert [(row["data"], row["latent_dim"]) for row in rows] == [("both", 2), ("both", 3)]
    assert all(0 <= row["active_units"] <= row["latent_dim"] and np.isfinite(row["test.elbo"]) for row in rows)


def test_class_separation_agrees_with_scikit_learn(trained):
    model = trained.load(1)
    codes, labels = model.encode(model.test.images).mu, model.test.labels
    along = PCA(3).fit_transform(codes)
    zeros, ones = along[labels == 0], along[labels == 1]
    within = np.sqrt((zeros.var(axis=0) + ones.var(axis=0)) / 2)
    wanted = np.abs(zeros.mean(axis=0) - ones.mean(axis=0)) / within
    np.testing.assert_allclose(class_separation(model, 2), wanted[:2], rtol=1e-3)
    np.testing.assert_allclose(class_separation(model, 9), wanted, rtol=1e-3)


@pytest.fixture
def of_photographs(tmp_path, monkeypatch):
    """A model of photographs, and their folder."""
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    draw_people(tmp_path / "raw", 9)
    draw_dogs(tmp_path / "raw", 6)
    wanted = {"raw_dir": str(tmp_path / "raw"), "prepared_dir": str(tmp_path / "kept"), "image_size": 8}
    config = small_config(data=wanted | {"test_fraction": 0.5})
    make_run(tmp_path / "run", config, load(config.data))
    return load_run(tmp_path / "run"), tmp_path / "raw"


@pytest.mark.slow
def test_held_out_files_are_in_the_order_of_the_test_images(of_photographs):
    model, raw = of_photographs
    rows = held_out_files(model)
    assert [row["class"] for row in rows] == [model.class_names[label] for label in model.test.labels]
    assert all((raw / row["file"]).is_file() for row in rows)


def test_digits_are_not_made_of_photographs(trained):
    assert held_out_files(trained.load(0)) == []


def test_photographs_that_are_not_the_models_are_refused(of_photographs):
    model, raw = of_photographs
    other = dataclasses.replace(model, test=dataclasses.replace(model.test, labels=1 - model.test.labels))
    with pytest.raises(UserError, match=r"files\.csv: lists other photographs than the model's test images"):
        held_out_files(other)
    draw_people(raw, 10)  # not prepared
    assert held_out_files(model) == []
