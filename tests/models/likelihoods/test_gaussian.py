"""Gaussian likelihoods: densities against NumPyro's, sigma, and the post's squared error."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from flax import nnx
from made_models import build

from vae_jax.core.noise import Noise
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.likelihoods.gaussian import GaussianPixels

KEY = jax.random.key(0)
X = jax.random.uniform(KEY, (2, 3, 4, 1))
OUTPUT = 3 * jax.random.normal(jax.random.fold_in(KEY, 1), (5, *X.shape))
SIGMAS = {"gaussian": 0.2, "gaussian_learned": 0.2, "mse": 0.5**0.5}
each = pytest.mark.parametrize("name", SIGMAS)


def likelihood(name):
    return LIKELIHOODS[name](None, build(likelihood=name, likelihood_sigma=0.2), KEY)


@each
def test_the_log_density_is_that_of_a_normal_around_the_sigmoid_of_the_output(name):
    pixels = likelihood(name)(OUTPUT)
    expected = dist.Normal(jax.nn.sigmoid(OUTPUT), SIGMAS[name]).log_prob(X).sum(axis=(-3, -2, -1))
    assert pixels.log_prob(X).shape == (5, 2)
    np.testing.assert_allclose(pixels.log_prob(X), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(pixels.mean(), jax.nn.sigmoid(OUTPUT))


@each
def test_draws_have_the_mean_and_the_scale(name):
    pixels = likelihood(name)(jnp.full((4000, 2, 2, 1), 0.7))
    drawn = np.asarray(pixels.sample(Noise(KEY, 4000)))
    assert drawn.shape == (4000, 2, 2, 1)
    np.testing.assert_allclose(drawn.mean(axis=0), 1 / (1 + math.exp(-0.7)), atol=4 * SIGMAS[name] / 4000**0.5)
    np.testing.assert_allclose(drawn.std(axis=0), SIGMAS[name], rtol=0.05)


def test_the_posts_loss_is_the_squared_error_plus_the_constant():
    squared = ((X - jax.nn.sigmoid(OUTPUT)) ** 2).sum(axis=(-3, -2, -1))
    found = -likelihood("mse")(OUTPUT).log_prob(X) - 12 * LIKELIHOODS["mse"].constant
    np.testing.assert_allclose(found, squared, rtol=1e-4, atol=1e-4)


@each
def test_extreme_outputs_stay_finite(name):
    for output in (1e4, -1e4):
        assert jnp.isfinite(likelihood(name)(jnp.full_like(X, output)).log_prob(X)).all()


def test_only_the_learned_scale_is_a_parameter_and_it_starts_where_the_config_says():
    counts = {name: len(jax.tree.leaves(nnx.state(likelihood(name), nnx.Param))) for name in SIGMAS}
    assert counts == {"gaussian": 0, "gaussian_learned": 1, "mse": 0}
    assert float(likelihood("gaussian_learned").log_sigma[...]) == pytest.approx(math.log(0.2))


def test_the_scale_has_its_optimum_at_the_root_mean_square_error():
    """Every pixel is off by 0.4."""
    x = jnp.full((1, 2, 2, 1), 0.9)
    slope = jax.grad(lambda log_sigma: GaussianPixels(jnp.zeros_like(x), log_sigma).log_prob(x).sum())
    assert float(slope(jnp.log(jnp.float32(0.4)))) == pytest.approx(0, abs=1e-4)
    assert float(slope(jnp.log(jnp.float32(0.3)))) > 1


def test_all_are_densities_over_the_reals():
    assert {LIKELIHOODS[name].support for name in SIGMAS} == {"the reals"}
