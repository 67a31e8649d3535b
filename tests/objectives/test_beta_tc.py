"""The total correlation: zero for independent units, and that of a known mixture."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small_batch, small_build, small_model, small_objective, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.normals import DiagonalGaussian
from vae_jax.objectives.beta_tc import total_correlation

KEY = jax.random.key(5)
ALL = jnp.ones(2, bool)


def estimated(mu, sigma, images, seed=0):
    q = DiagonalGaussian(mu, jnp.full_like(mu, sigma), Units(2, 2))
    z = mu + sigma * jax.random.normal(jax.random.key(seed), mu.shape)
    return total_correlation(q, z, images, ALL)


def test_equal_posteriors_have_no_total_correlation_for_any_size_of_data_set():
    for images in (50, 60_000):
        np.testing.assert_allclose(estimated(jnp.zeros((40, 2)), 1.0, images), 0, atol=1e-5)


@pytest.mark.slow
def test_independent_units_have_almost_no_total_correlation():
    mu = jax.random.normal(KEY, (400, 2))
    assert float(estimated(mu, 1.0, 400).mean()) == pytest.approx(0, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1000, 200])
def test_it_is_that_of_a_correlated_normal(batch):
    """Means from a correlated normal plus independent noise: a normal with correlation 0.9 / 1.25."""
    mu = jax.random.multivariate_normal(KEY, jnp.zeros(2), jnp.array([[1.0, 0.9], [0.9, 1.0]]), (1000,))
    exact = -0.5 * math.log(1 - (0.9 / 1.25) ** 2)
    found = [float(estimated(mu[k : k + batch], 0.5, 1000, k).mean()) for k in range(0, 1000, batch)]
    assert float(np.mean(found)) == pytest.approx(exact, abs=0.06)


@pytest.mark.slow
def test_a_batch_of_the_whole_data_set_is_the_aggregate_posterior_itself():
    mu = jax.random.normal(KEY, (5, 2))
    z = mu + 0.3
    q = DiagonalGaussian(mu, jnp.full_like(mu, 0.5), Units(2, 2))
    density = jax.scipy.stats.norm.pdf(z[:, None], mu, 0.5)
    by_hand = jnp.log(density.prod(-1).mean(1)) - jnp.log(density.mean(1)).sum(-1)
    np.testing.assert_allclose(total_correlation(q, z, 5, ALL), by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_masked_units_change_nothing():
    mu = jax.random.normal(KEY, (6, 2))
    padded = DiagonalGaussian(jnp.pad(mu, ((0, 0), (0, 1))), jnp.ones((6, 3)), Units(3, 2))
    alone = DiagonalGaussian(mu, jnp.ones((6, 2)), Units(2, 2))
    z = jnp.pad(mu, ((0, 0), (0, 1)))
    np.testing.assert_allclose(
        total_correlation(padded, z, 50, padded.units.mask), total_correlation(alone, mu, 50, ALL), rtol=1e-5, atol=1e-6
    )


@jax.jit
def losses():
    found = {}
    for name, strength in (("elbo", 0.0), ("beta_tc", 1.0), ("beta_tc", 4.0)):
        parts = {"objectives": {"beta_tc": {"strength": strength}}} if strength else {}
        sections = {"objective": {"name": name, "beta_kl": 0.5}, "parts": parts}
        objective = small_objective(small_build(**sections))
        terms = objective.terms(small_model(**sections), None, small_batch(), training_noise(6), jnp.int32(0))
        found[strength] = objective.loss({key: jnp.mean(term, 0) for key, term in terms.items()}, jnp.int32(0))
    return found


@pytest.mark.slow
def test_strength_1_is_the_elbo_and_strength_multiplies_the_total_correlation():
    found = losses()
    np.testing.assert_allclose(found[1.0][0], found[0.0][0], rtol=1e-6)
    loss, metrics = found[4.0]
    np.testing.assert_allclose(loss - found[1.0][0], 0.5 * 3 * metrics["total_correlation"], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(metrics["elbo"], found[0.0][1]["elbo"], rtol=1e-6)


@pytest.mark.parametrize("name", ["beta_tc", "factor"])
def test_objectives_that_compare_images_need_two_of_them_and_one_sample_of_each(name):
    with pytest.raises(UserError, match=rf"samples: found 3; config\.objective\.name={name} uses one"):
        small_objective(small_build(objective={"name": name, "samples": 3}))
    with pytest.raises(UserError, match=rf"batch_size: found 1; config\.objective\.name={name} compares"):
        small_objective(small_build(objective={"name": name}), batch_size=1)
