"""What is done to the people of this experiment, and the strangers that they are held against."""

import dataclasses

import numpy as np
import pytest
from made_runs import make_run
from small_runs import small_config

from experiments.dynamic_range.__main__ import Losses, best_crop, row
from experiments.dynamic_range.changes import CHANGES, coarse, contrast, crops, moved
from experiments.dynamic_range.strangers import FACES, strangers
from vae_jax.data.faces.alignment import TEMPLATE
from vae_jax.data.sources.registry import load
from vae_jax.runs.load import load_run

RAMP = np.tile(np.arange(60, 160, 2, dtype=np.uint8), (2, 50, 1))[..., None]
FLAT = np.full((2, 50, 50, 1), 90, np.uint8)


@pytest.mark.parametrize("change", CHANGES)
def test_changes_keep_the_size_and_of_a_flat_image_all_but_its_light(change):
    changed = CHANGES[change](FLAT)
    assert changed.shape == FLAT.shape
    assert changed.dtype == np.uint8
    assert (changed == {"darker by 40": 50, "lighter by 40": 130}.get(change, 90)).all()


def test_contrast_is_the_spread_about_the_mean():
    changed = contrast(RAMP, 0.5).astype(float)
    np.testing.assert_allclose(changed.mean(), RAMP.mean(), atol=0.5)
    np.testing.assert_allclose(changed.std(), RAMP.std() / 2, rtol=0.02)


def test_images_move_by_pixels_to_the_right_and_down():
    spot = np.zeros((1, 50, 50, 1), np.uint8)
    spot[0, 20, 30] = 200
    assert np.argwhere(moved(spot, right=3)[0, ..., 0] == 200).tolist() == [[20, 33]]
    assert np.argwhere(moved(spot, down=2)[0, ..., 0] == 200).tolist() == [[22, 30]]


def test_coarse_images_have_the_mean_of_theirs_and_nothing_fine():
    stripes = np.tile(np.array([0, 200], np.uint8), (1, 40, 20))[..., None]
    assert np.abs(coarse(stripes, 20).astype(int) - 100).max() <= 1
    assert set(np.unique(coarse(stripes, 20, averaged=False))) <= {0, 200}


def test_the_best_crop_is_the_one_of_which_least_is_left_over(monkeypatch):
    def of_a_model_that_knows_one_image(model, images):
        return ((images / 255 - RAMP / 255) ** 2).mean(axis=(1, 2, 3))

    monkeypatch.setattr("experiments.dynamic_range.__main__.squared_errors", of_a_model_that_knows_one_image)
    aside = moved(RAMP, right=2)
    found = best_crop([None], aside, lambda images: images)
    each = [of_a_model_that_knows_one_image(None, crop) / (crop / 255).var(axis=(1, 2, 3)) for crop in crops(aside)]
    np.testing.assert_allclose(found.shares, np.min(each, axis=0))
    assert found.shares.max() < 0.01


def test_the_share_is_that_of_all_variance_and_its_error_is_that_of_resampling():
    draw = np.random.default_rng(0)
    variance = draw.gamma(2, 1, 4000)
    found = Losses(0.2 * variance * draw.gamma(4, 0.25, 4000), variance)
    again = [Losses(*(column[k] for column in found)) for k in draw.integers(0, 4000, (300, 4000))]
    shares = [row(each)["unexplained"] for each in again]
    assert row(found)["unexplained"] == pytest.approx(0.2, rel=0.05)
    assert row(found)["unexplained_error"] == pytest.approx(np.std(shares), rel=0.15)


@pytest.mark.slow
def test_strangers_have_their_eyes_where_the_people_have_theirs(tmp_path):
    config = small_config(data={"name": "drawn_faces", "drawn": 60})
    make_run(tmp_path / "run", config, dataclasses.replace(load(config.data), template=TEMPLATE))
    faces = strangers(load_run(tmp_path / "run"))
    assert faces.shape == (FACES, 50, 50, 1)
    assert faces.dtype == np.uint8
    mean = faces.mean(axis=0)[..., 0]

    def around(x, y):
        return mean[round(50 * y) - 2 : round(50 * y) + 2, round(50 * x) - 2 : round(50 * x) + 2].mean()

    for x, y in TEMPLATE[:2]:
        assert around(x, y) < min(around(0.5, y), around(x, y + 0.2)) - 15
