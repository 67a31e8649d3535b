"""The discretised logistic likelihood: a mass over 256 grey levels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_models import build
from scipy.stats import logistic

from vae_jax.core.noise import Noise
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.likelihoods.discretised_logistic import LogisticLevels
from vae_jax.models.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture

KEY = jax.random.key(0)
VALUES = np.arange(256)
# Locations within, at and beyond the ends; scales from far less than a level to far more than all.
PLACES = [(0.5, 0.1), (0.0, 0.02), (1.0, 1e-4), (-0.3, 0.2), (1.4, 0.05), (0.503, 5e-4), (0.2, 500.0)]
each_place = pytest.mark.parametrize(("location", "scale"), PLACES)
each_grid = pytest.mark.parametrize("levels", [255, 256])


def pixels(location, scale, levels, shape=(1, 1, 1, 1)):
    return LogisticLevels(jnp.full(shape, location), jnp.full(shape, scale), levels)


def log_masses(location, scale, levels):
    """Of all 256 values."""
    x = jnp.asarray(VALUES / levels, jnp.float32).reshape(-1, 1, 1, 1)
    return np.asarray(pixels(location, scale, levels, x.shape).log_prob(x), np.float64)


@each_grid
@each_place
def test_the_masses_of_all_levels_add_up_to_one(location, scale, levels):
    assert np.exp(log_masses(location, scale, levels)).sum() == pytest.approx(1, abs=2e-5)


@each_grid
@each_place
def test_a_mass_is_the_logistics_between_the_edges_of_its_level(location, scale, levels):
    edges = np.concatenate([[-np.inf], (VALUES[1:] - 0.5) / levels, [np.inf]])
    expected = np.diff(logistic.cdf(edges, location, scale))
    found = log_masses(location, scale, levels)
    assert np.isfinite(found).all()
    shown = expected > 1e-6
    np.testing.assert_allclose(found[shown], np.log(expected[shown]), rtol=2e-3, atol=2e-4)


@each_grid
@each_place
def test_the_mean_is_that_of_the_levels_but_for_their_rounding(location, scale, levels):
    masses = np.exp(log_masses(location, scale, levels))
    mean = float(pixels(location, scale, levels).mean()[0, 0, 0, 0])
    assert mean == pytest.approx((masses * VALUES / levels).sum(), abs=0.5 / levels + 1e-4)


@each_grid
def test_draws_are_levels_with_their_masses(levels):
    n = 40_000
    drawn = np.asarray(pixels(0.02, 0.01, levels, (n, 1, 1, 1)).sample(Noise(KEY, n))).ravel()
    values = np.round(drawn * levels)
    np.testing.assert_allclose(drawn * levels, values, atol=1e-4)
    found = np.bincount(values.astype(int), minlength=256) / n
    np.testing.assert_allclose(found, np.exp(log_masses(0.02, 0.01, levels)), atol=0.01)


def test_two_outputs_for_each_channel_place_and_scale_it():
    likelihood = LIKELIHOODS["discretised_logistic"](None, build(), KEY)
    outputs = jnp.arange(12.0).reshape(1, 1, 2, 6) / 4 - 1  # three channels
    found = likelihood(outputs)
    np.testing.assert_allclose(found.location, 0.5 * (outputs[..., ::2] + 1))
    np.testing.assert_allclose(found.scale, 0.5 * jnp.exp(outputs[..., 1::2]), rtol=1e-6)
    assert (likelihood.outputs, likelihood.support, likelihood.constant) == (2, "256 grey levels", 0)


def test_a_scale_far_wider_than_the_levels_puts_half_of_the_mass_at_either_end():
    masses = np.exp(log_masses(0.5, 1e3, 255))
    assert masses[0] == pytest.approx(0.5, abs=1e-3)
    assert masses[-1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.slow
def test_extreme_outputs_and_their_slopes_stay_finite():
    likelihood = LIKELIHOODS["discretised_logistic"](None, build(), KEY)
    x = jnp.asarray([0.0, 0.4, 1.0]).reshape(1, 1, 3, 1)
    for location in (1e4, -1e4, 0.0):
        for log_scale in (1e4, -1e4):
            outputs = jnp.broadcast_to(jnp.asarray([location, log_scale], jnp.float32), (1, 1, 3, 2))
            value, slope = jax.value_and_grad(lambda y: likelihood(y).log_prob(x).sum())(outputs)
            assert jnp.isfinite(value)
            assert jnp.isfinite(slope).all()


def test_a_mixture_of_one_is_the_same_and_one_of_several_is_their_mean():
    outputs = 2 * jax.random.normal(KEY, (4, 3, 2, 3))
    x = jnp.asarray(np.random.default_rng(0).integers(0, 256, (4, 3, 2, 1)) / 255, jnp.float32)
    single = LIKELIHOODS["discretised_logistic"](None, build(), KEY)(outputs[..., 1:])
    mixture = DiscretisedLogisticMixture(DiscretisedLogisticMixture.Settings(logistics=1), build(), KEY)(outputs)
    np.testing.assert_allclose(mixture.log_prob(x), single.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(mixture.mean(), single.mean(), rtol=1e-5)
    several = DiscretisedLogisticMixture(DiscretisedLogisticMixture.Settings(logistics=2), build(), KEY)
    pixels = several(jax.random.normal(KEY, (4, 3, 2, 6)))
    parts = [
        LogisticLevels(pixels.components.location[..., k], pixels.components.scale[..., k], 255).log_masses(x)
        for k in range(2)
    ]
    masses = sum(np.exp(pixels.log_weights[..., k] + part) for k, part in enumerate(parts))
    np.testing.assert_allclose(pixels.log_prob(x), np.log(masses).sum(axis=(1, 2, 3)), rtol=1e-5)
