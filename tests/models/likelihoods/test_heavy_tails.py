"""Laplace and Student's t likelihoods: densities against NumPyro's, and their scales."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from made_models import build

from vae_jax.models.likelihoods.laplace import Laplace
from vae_jax.models.likelihoods.student_t import StudentT

KEY = jax.random.key(0)
X = jax.random.uniform(KEY, (2, 3, 4, 1))
OUTPUT = 3 * jax.random.normal(jax.random.fold_in(KEY, 1), (5, *X.shape))
MEAN = jax.nn.sigmoid(OUTPUT)


def student(degrees, sigma=0.2):
    return StudentT(StudentT.Settings(degrees=degrees), build(likelihood_sigma=sigma), KEY)


def test_the_log_densities_are_those_of_a_library():
    found = Laplace(None, build(likelihood_sigma=0.2), KEY)(OUTPUT).log_prob(X)
    theirs = dist.Laplace(MEAN, 0.2 / 2**0.5).log_prob(X).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(found, theirs, rtol=1e-4, atol=1e-4)
    for degrees in (0.5, 4.0, 30.0):
        theirs = dist.StudentT(degrees, MEAN, 0.2).log_prob(X).sum(axis=(-3, -2, -1))
        np.testing.assert_allclose(student(degrees)(OUTPUT).log_prob(X), theirs, rtol=1e-4, atol=1e-4)


def test_with_many_degrees_of_freedom_it_is_a_normal():
    theirs = dist.Normal(MEAN, 0.2).log_prob(X).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(student(1e4)(OUTPUT).log_prob(X), theirs, rtol=1e-2, atol=1e-1)


def test_an_absolute_error_costs_the_same_everywhere_and_a_heavy_tail_less_far_away():
    def slope(made, error):
        outputs = jnp.zeros((1, 1, 1, 1))
        return float(jax.grad(lambda x: -made(outputs).log_prob(x).sum())(jnp.full_like(outputs, 0.5 + error)).sum())

    laplace = Laplace(None, build(likelihood_sigma=0.2), KEY)
    assert slope(laplace, 0.1) == pytest.approx(slope(laplace, 3.0)) == pytest.approx(2**0.5 / 0.2)
    assert slope(student(1.0), 3.0) < slope(student(1.0), 0.2)


def test_the_learned_scale_has_its_optimum_at_the_mean_absolute_error():
    """Every pixel is off by 0.4."""
    made, x = Laplace(None, build(likelihood_sigma=0.2), KEY), jnp.full((1, 2, 2, 1), 0.9)

    def slope(b):
        made.log_b[...] = jnp.log(b)
        pixels = made(jnp.zeros_like(x))
        return jax.grad(lambda log_b: type(pixels)(pixels.outputs, log_b).log_prob(x).sum())(pixels.log_b)

    assert float(slope(0.4)) == pytest.approx(0, abs=1e-4)
    assert float(slope(0.3)) > 1
    assert float(Laplace(None, build(likelihood_sigma=0.2), KEY).log_b[...]) == pytest.approx(math.log(0.2 / 2**0.5))
