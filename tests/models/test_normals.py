"""Normal latents: densities and divergences against NumPyro's, samples, and masked units."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.normals import DiagonalGaussian, StandardNormal

ONE, TWO = Units(1, 1), Units(2, 2)
NOISE = Noise(jax.random.key(0), 2)
Q = DiagonalGaussian(jnp.array([[3.0, -1.0], [0.5, 0.0]]), jnp.array([[0.5, 2.0], [1.0, 0.1]]), TWO)


@given(st.floats(-5, 5), st.floats(1e-3, 10))
def test_kl_to_the_standard_normal_is_that_of_a_library(mu, sigma):
    ours = DiagonalGaussian(jnp.full((1, 1), mu), jnp.full((1, 1), sigma), ONE).kl(StandardNormal(ONE))
    theirs = dist.kl_divergence(dist.Normal(mu, sigma), dist.Normal(0, 1))
    np.testing.assert_allclose(ours[0, 0], theirs, rtol=2e-4, atol=2e-5)


@given(st.floats(-3, 3), st.floats(0.05, 5), st.floats(-3, 3), st.floats(0.05, 5))
def test_kl_between_two_normals_is_that_of_a_library(mu, sigma, mean, scale):
    q = DiagonalGaussian(jnp.full((1, 1), mu), jnp.full((1, 1), sigma), ONE)
    ours = q.kl(DiagonalGaussian(jnp.full(1, mean), jnp.full(1, scale), ONE))
    theirs = dist.kl_divergence(dist.Normal(mu, sigma), dist.Normal(mean, scale))
    np.testing.assert_allclose(ours[0, 0], theirs, rtol=1e-3, atol=1e-3)


def test_kl_is_the_integral_of_the_log_ratio():
    """By the trapezoid rule over a grid of z."""
    z = jnp.linspace(-12, 12, 20_001)[:, None, None] * jnp.ones((1, 2, 2))
    p = DiagonalGaussian(jnp.array([0.3, -0.2]), jnp.array([1.5, 0.7]), TWO)
    for prior in (StandardNormal(TWO), p):
        log_q = Q.unit_log_prob(z)
        integral = jnp.trapezoid(jnp.exp(log_q) * (log_q - prior.unit_log_prob(z)), dx=24 / 20_000, axis=0)
        np.testing.assert_allclose(Q.kl(prior), integral, rtol=1e-3, atol=1e-3)


def test_the_kl_to_another_distribution_has_no_closed_form():
    class Laplace:
        def sample(self, noise, k):
            raise NotImplementedError

        def log_prob(self, z):
            return -jnp.abs(z).sum(-1)

    assert Q.kl(Laplace()) is None


def test_a_sample_is_the_mean_plus_sigma_times_the_noise():
    z, _ = Q.sample(NOISE, 3)
    standard, _ = StandardNormal(TWO).sample(NOISE, 3)
    assert z.shape == (3, 2, 2)
    np.testing.assert_allclose(z, Q.mu + Q.sigma * standard, rtol=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(Q, dist.Normal(Q.mu, Q.sigma)), (StandardNormal(TWO), dist.Normal(0, 1))],
    ids=["diagonal", "standard"],
)
def test_densities_are_those_of_a_library_of_samples_and_of_given_points(ours, theirs):
    z, density = ours.sample(NOISE, 3)
    np.testing.assert_allclose(ours.unit_log_prob(z), theirs.log_prob(z), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(density, theirs.log_prob(z).sum(-1), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ours.log_prob(z), density)


@pytest.mark.slow
def test_masked_units_are_zero_and_cost_nothing():
    mu, sigma = jnp.full((2, 3), 5.0), jnp.full((2, 3), 0.1)
    alone = DiagonalGaussian(mu[:, :1], sigma[:, :1], ONE)
    masked, prior = DiagonalGaussian(mu, sigma, Units(3, 1)), StandardNormal(Units(3, 1))
    (z, density), (expected, expected_density) = masked.sample(NOISE, 2), alone.sample(NOISE, 2)
    np.testing.assert_array_equal(z, jnp.pad(expected, ((0, 0), (0, 0), (0, 2))))
    np.testing.assert_array_equal(density, expected_density)
    np.testing.assert_array_equal(prior.log_prob(z), StandardNormal(ONE).log_prob(expected))
    np.testing.assert_array_equal(masked.kl(prior), jnp.pad(alone.kl(StandardNormal(ONE)), ((0, 0), (0, 2))))
    np.testing.assert_array_equal(masked.centre(), [[5, 0, 0]] * 2)
    np.testing.assert_array_equal(masked.scale(), np.float32([[0.1, 0, 0]] * 2))
    np.testing.assert_array_equal(prior.sample(NOISE, 2)[0][..., 1:], 0)


def test_a_distribution_is_a_pytree_whose_leaves_can_be_held_fixed():
    held = jax.lax.stop_gradient(Q)
    slope = jax.grad(lambda mu: DiagonalGaussian(mu, Q.sigma, TWO).kl(held).sum())(Q.mu + 1)
    np.testing.assert_allclose(slope, 1 / Q.sigma**2, rtol=1e-6)
