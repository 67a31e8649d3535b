"""The normal posterior with a full covariance, against NumPyro's and by its samples."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from small_models import KEY, small_build, training_noise

from vae_jax.core.units import Units
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.models.posteriors.full_gaussian import FullGaussian, FullGaussianPosterior

SIZE, DRAWS = 3, 10_000
FEATURES = jax.random.normal(KEY, (2, 5))


@partial(jax.jit, static_argnums=(0, 1, 2))
def full(size=SIZE, count=None, draws=DRAWS):
    """A posterior whose covariances are not diagonal, and samples."""
    posterior = FullGaussianPosterior(None, small_build(size), KEY)
    pairs = jax.random.normal(jax.random.key(1), (5, 4, 4))[:, :size, :size]
    posterior.kernel[...] = 0.3 * pairs
    posterior.bias[...] = 0.1 * pairs[0]
    q = posterior(FEATURES, Units(size, size if count is None else count))
    z, log_q = q.sample(training_noise(2), draws)
    return q, z, log_q, q.log_prob(z), q.kl(StandardNormal(q.units))


@pytest.fixture(scope="module")
def case():
    q, *rest = full()
    return q, *rest, dist.MultivariateNormal(q.mu, scale_tril=q.factor)


def test_its_density_is_that_of_a_library(case):
    q, z, log_q, log_prob, _, theirs = case
    assert np.abs(np.tril(q.factor, -1)).max() > 0.1
    np.testing.assert_allclose(log_q, jax.jit(theirs.log_prob)(z), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(log_prob, log_q, rtol=1e-4, atol=1e-4)


def test_its_samples_have_its_moments(case):
    q, z, *_, theirs = case
    for k in range(2):
        np.testing.assert_allclose(np.cov(z[:, k].T), theirs.covariance_matrix[k], atol=0.1)
    np.testing.assert_allclose(z.mean(0), q.centre(), atol=0.06)
    np.testing.assert_allclose(z.std(0), q.scale(), rtol=0.04)


def test_the_kl_is_that_of_a_library_and_the_mean_log_ratio(case):
    q, z, log_q, _, kl, theirs = case
    standard = dist.MultivariateNormal(jnp.zeros(SIZE), jnp.eye(SIZE))
    library = jax.jit(lambda: dist.kl_divergence(theirs, standard))()
    np.testing.assert_allclose(kl.sum(-1), library, rtol=1e-4)
    ratio = log_q - jax.jit(standard.log_prob)(z)
    assert np.all(np.abs(kl.sum(-1) - ratio.mean(0)) < 4 * ratio.std(0) / DRAWS**0.5)
    assert np.all(kl >= 0)
    assert q.kl(DiagonalGaussian(q.mu, q.mu, q.units)) is None


def test_the_density_integrates_to_one_and_a_point_has_a_density_under_every_normal():
    q, line = full(2, 2, 3)[0], np.linspace(-9, 9, 301)
    z = jnp.asarray(np.stack(np.meshgrid(line, line), axis=-1)[:, :, None], jnp.float32)
    np.testing.assert_allclose(np.exp(jax.jit(q.log_prob)(z)).sum((0, 1)) * (line[1] - line[0]) ** 2, 1, rtol=1e-3)


def test_masked_units_change_nothing():
    alone, padded = full(2, 2, 3), full(4, 2, 3)
    for ours, theirs in zip(padded[1:], alone[1:], strict=True):
        cut = ours if ours.shape == theirs.shape else ours[..., :2]
        np.testing.assert_allclose(cut, theirs, rtol=1e-4, atol=1e-6)
    q, z, *_, kl = padded
    assert not any(np.any(rest[..., 2:]) for rest in (z, kl, q.centre(), q.scale()))
    np.testing.assert_array_equal(q.factor[:, 2:], np.broadcast_to(np.eye(4)[2:], (2, 2, 4)))


def test_it_starts_diagonal():
    q = jax.jit(lambda: FullGaussianPosterior(None, small_build(SIZE), KEY)(FEATURES, Units(SIZE, SIZE)))()
    assert isinstance(q, FullGaussian)
    assert not np.tril(q.factor, -1).any()
