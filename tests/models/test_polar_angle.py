"""The angle to the centre of a von Mises-Fisher distribution: Bessel functions, samples, and their gradients."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from vae_jax.models.polar_angle import (
    PROPOSALS,
    _implicit_slope,
    kl_to_uniform,
    log_area,
    log_density,
    mean_cosine,
    sample_angle,
)

KAPPA = np.array([0.01, 1.0, 30.0, 1000.0])
DIMS = (2, 3, 10, 50)
GRID = np.linspace(0, np.pi, 4001)


@pytest.fixture(scope="module")
def ours():
    """The log density at the centre, the mean cosine, its slope and the KL in each of `DIMS`, `[kappa]`."""

    @jax.jit
    def all_of(kappa):
        def of_dim(dim):
            length, slope = jax.jvp(lambda k: mean_cosine(dim, k), (kappa,), (jnp.ones_like(kappa),))
            return log_density(dim, kappa, jnp.ones_like(kappa)), length, slope, kl_to_uniform(dim, kappa)

        return {dim: of_dim(dim) for dim in DIMS}

    return jax.device_get(all_of(jnp.asarray(KAPPA, jnp.float32)))


@pytest.mark.parametrize("dim", DIMS)
def test_it_agrees_with_the_bessel_functions_of_a_library(ours, dim):
    order, (density, length, slope, kl) = dim / 2 - 1, ours[dim]
    scaled = special.ive(order, KAPPA)  # times exp(-kappa)
    theirs = order * np.log(KAPPA) - dim / 2 * np.log(2 * np.pi) - np.log(scaled)
    mean = special.ive(order + 1, KAPPA) / scaled
    np.testing.assert_allclose(density, theirs, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(length, mean, rtol=2e-4)
    np.testing.assert_allclose(slope, 1 - mean**2 - (dim - 1) * mean / KAPPA, rtol=1e-4)
    np.testing.assert_allclose(kl, KAPPA * (mean - 1) + theirs + log_area(dim), rtol=1e-5, atol=1e-5)


def test_it_is_stable_in_hundreds_of_dimensions():
    """Where Bessel functions of the order underflow: the mean cosine by its bounds (Amos 1974, eq. 11 and 16)."""
    dim, kappa = 600, jnp.array([1e-3, 1.0, 600.0, 1e5])
    length, kl = jax.jit(lambda k: (mean_cosine(dim, k), kl_to_uniform(dim, k)))(kappa)
    half = dim / 2
    low, high = (kappa / (half - 0.5 + jnp.sqrt((half + c) ** 2 + kappa**2)) for c in (0.5, -0.5))
    assert np.all(length > low * (1 - 1e-4) - 1e-6)
    assert np.all(length < high * (1 + 1e-4) + 1e-6)
    np.testing.assert_allclose(kl[:2], kappa[:2] ** 2 / (2 * dim), atol=3e-4)


@cache
def sampled(dim, kappa):
    """Angles, and the slopes in kappa of their cosines that their gradients give."""
    count = 20_000

    @jax.jit
    def drawn(key):
        draws = jax.random.uniform(key, (1, count, PROPOSALS, 3))
        angle, slope = jax.jvp(lambda k: sample_angle(dim, k, draws)[0], (jnp.full(count, kappa),), (jnp.ones(count),))
        return angle, -jnp.sin(angle) * slope

    return jax.device_get(drawn(jax.random.key(3)))


CASES = [
    (3, 2.0),
    *(pytest.param(*case, marks=pytest.mark.slow) for case in ((2, 0.5), (2, 20.0), (20, 5.0), (20, 300.0))),
]


@pytest.mark.parametrize(("dim", "kappa"), CASES)
def test_the_angles_have_their_distribution(dim, kappa):
    density = np.exp(kappa * (np.cos(GRID) - 1)) * np.sin(GRID) ** (dim - 2)
    mass = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    fit = stats.kstest(sampled(dim, kappa)[0], lambda angle: np.interp(angle, GRID, mass / mass[-1]))
    assert fit.pvalue > 1e-3, fit


@pytest.mark.parametrize(("dim", "kappa"), CASES)
def test_the_gradient_of_a_mean_is_the_slope_of_the_mean_resultant_length(dim, kappa):
    """By finite differences of the ratio of Bessel functions."""
    low, high = (special.ive(dim / 2, k) / special.ive(dim / 2 - 1, k) for k in (kappa * 0.999, kappa * 1.001))
    slopes = sampled(dim, kappa)[1]
    error = slopes.std() / len(slopes) ** 0.5
    assert abs(slopes.mean() - (high - low) / (0.002 * kappa)) < 4 * error + 1e-6 / kappa


@pytest.mark.parametrize(("dim", "kappa"), [(2, 3.0), pytest.param(3, 0.2, marks=pytest.mark.slow), (40, 30.0)])
def test_an_angle_moves_so_that_its_distribution_function_keeps_its_value(dim, kappa):
    at = np.linspace(0.05, np.pi - 0.05, 9)
    fine = np.linspace(0, np.pi, 200_001)

    def below(k):
        density = np.exp(k * np.cos(fine)) * np.sin(fine) ** (dim - 2)
        mass = np.cumsum((density[1:] + density[:-1]) / 2)
        return np.interp(at, fine[1:], mass / mass[-1]), np.interp(at, fine, density / mass[-1] / (fine[1] - fine[0]))

    (less, _), (more, _), (_, density) = below(kappa - 1e-3), below(kappa + 1e-3), below(kappa)
    usual = density > 1e-3
    ours = jax.jit(partial(_implicit_slope, dim))(jnp.full(9, kappa), jnp.asarray(at, jnp.float32))
    np.testing.assert_allclose(ours[usual], -((more - less) / 2e-3 / density)[usual], rtol=1e-3, atol=1e-5)
    assert np.all(np.isfinite(ours))
