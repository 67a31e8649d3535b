"""Gaussian likelihoods whose sigma differs between images."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from made_models import build

from vae_jax.core.noise import Noise
from vae_jax.models.likelihoods.gaussian import GaussianPixels
from vae_jax.models.likelihoods.gaussian_image import GaussianImage
from vae_jax.models.likelihoods.gaussian_optimal import GaussianOptimal

KEY = jax.random.key(0)
X = jax.random.uniform(KEY, (2, 3, 4, 1))
OUTPUT = jax.random.normal(jax.random.fold_in(KEY, 1), (5, *X.shape))


def optimal(degrees, sigma=0.2):
    return GaussianOptimal(GaussianOptimal.Settings(degrees=degrees), build(likelihood_sigma=sigma), KEY)


def test_the_sigma_of_an_image_is_the_mean_of_its_second_outputs():
    made = GaussianImage(None, build(likelihood_sigma=0.2), KEY)
    second = jnp.log(jnp.array([0.5, 3.0]))[:, None, None, None] + jnp.linspace(-1, 1, 12).reshape(3, 4, 1)
    pixels = made(jnp.stack([OUTPUT, jnp.broadcast_to(second, OUTPUT.shape)], axis=-1).reshape(5, 2, 3, 4, 2))
    sigma = np.exp(-6 + np.log1p(np.exp(6) * np.array([0.1, 0.6])))[:, None, None, None]  # with the floor, exp(-6)
    theirs = dist.Normal(jax.nn.sigmoid(OUTPUT), sigma).log_prob(X).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(pixels.log_prob(X), theirs, rtol=1e-4)


def test_the_sigma_of_an_image_has_a_floor():
    made = GaussianImage(None, build(likelihood_sigma=0.2), KEY)
    log_sigma = made(jnp.full((1, 3, 4, 2), -100.0)).log_sigma
    np.testing.assert_allclose(log_sigma, -6, atol=1e-5)


def test_with_sigma_integrated_out_the_pixels_have_students_distribution_together():
    for degrees in (0.5, 3.0):
        scale = 0.2 * jnp.eye(12)
        theirs = dist.MultivariateStudentT(degrees, jax.nn.sigmoid(OUTPUT).reshape(5, 2, 12), scale)
        np.testing.assert_allclose(optimal(degrees)(OUTPUT).log_prob(X), theirs.log_prob(X.reshape(2, 12)), rtol=1e-4)


def test_its_slope_is_nearly_that_of_a_normal_with_the_optimal_sigma_of_the_image():
    outputs = jax.random.normal(KEY, (1, 20, 20, 1))
    x = jax.random.uniform(jax.random.key(1), outputs.shape)
    best = jnp.log(jnp.sqrt(jnp.mean((x - jax.nn.sigmoid(outputs)) ** 2)))
    slope = jax.grad(lambda y: optimal(1.0, 0.05)(y).log_prob(x).sum())(outputs)
    of_normal = jax.grad(lambda y: GaussianPixels(y, best).log_prob(x).sum())(outputs)
    np.testing.assert_allclose(slope, of_normal, rtol=0.01)


def test_with_many_degrees_of_freedom_it_is_a_normal_of_the_given_sigma():
    theirs = dist.Normal(jax.nn.sigmoid(OUTPUT), 0.2).log_prob(X).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(optimal(1e5)(OUTPUT).log_prob(X), theirs, rtol=0.05)


def test_the_draws_of_an_image_share_a_sigma():
    drawn = optimal(2.0)(jnp.zeros((500, 20, 20, 1))).sample(Noise(KEY, 500))
    spread = np.log(np.asarray(drawn).std(axis=(1, 2, 3)))
    assert spread.std() == pytest.approx(0.64, abs=0.1), "half of that of log chi^2 with two degrees, pi / sqrt(6)"
    assert np.median(spread) == pytest.approx(np.log(0.2 / np.log(2) ** 0.5), abs=0.1)
