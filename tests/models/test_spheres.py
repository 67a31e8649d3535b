"""Distributions on the unit sphere, against SciPy's and quadrature."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats
from small_models import small_build, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.normals import StandardNormal
from vae_jax.models.polar_angle import mean_cosine
from vae_jax.models.posteriors.von_mises_fisher import VonMisesFisherPosterior
from vae_jax.models.spheres import UniformSphere, VonMisesFisher

DRAWS = 4000


def directions(dim, n, seed=1):
    drawn = np.random.default_rng(seed).normal(size=(n, dim))
    return jnp.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), jnp.float32)


def fisher(dim, kappa=(0.3, 9.0)):
    return VonMisesFisher(directions(dim, len(kappa)), jnp.array(kappa), Units(dim, dim))


@pytest.mark.parametrize("dim", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_the_density_is_that_of_a_library(dim):
    q, z = fisher(dim), directions(dim, 6, seed=2)
    ours = jax.jit(lambda z: q.log_prob(z[:, None]))(z)
    for k in range(2):
        mu = np.asarray(q.mu[k], np.float64)
        theirs = stats.vonmises_fisher(mu / np.linalg.norm(mu), float(q.kappa[k]))
        np.testing.assert_allclose(ours[:, k], theirs.logpdf(np.asarray(z, np.float64)), atol=2e-5)


def test_on_the_circle_it_is_numpyros_and_integrates_to_one():
    q, turn = fisher(2), np.linspace(-np.pi, np.pi, 2000, endpoint=False)
    z = jnp.asarray(np.stack([np.cos(turn), np.sin(turn)], axis=-1), jnp.float32)
    ours = jax.jit(q.log_prob)(z[:, None])
    theirs = dist.VonMises(jnp.arctan2(q.mu[:, 1], q.mu[:, 0]), q.kappa).log_prob(turn[:, None])
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    for log_density in (*ours.T, UniformSphere(Units(2, 2)).log_prob(z)):
        np.testing.assert_allclose(np.exp(log_density).sum() * 2 * np.pi / 2000, 1, rtol=1e-5)


@pytest.mark.slow
def test_on_the_sphere_it_integrates_to_one():
    """Over polar angle and longitude."""
    polar, turn = (np.arange(300) + 0.5) * np.pi / 300, np.arange(200) * 2 * np.pi / 200
    a, b = np.meshgrid(polar, turn, indexing="ij")
    z = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], axis=-1)
    cell = np.sin(a) * np.pi / 300 * 2 * np.pi / 200
    q = fisher(3)
    for p in (lambda z: q.log_prob(z[..., None, :]), lambda z: UniformSphere(q.units).log_prob(z)[..., None]):
        density = np.exp(p(jnp.asarray(z, jnp.float32)))
        np.testing.assert_allclose(np.sum(density * cell[..., None], axis=(0, 1)), 1, rtol=1e-4)


@cache
def sampled(dim):
    """The distribution, samples, their log densities, and the gradient of a mean in mu and kappa."""

    @jax.jit
    def all_of(q):
        def mean(mu, kappa):
            mu = mu / jnp.linalg.norm(mu, axis=-1, keepdims=True)
            z, log_q = VonMisesFisher(mu, kappa, q.units).sample(training_noise(2), DRAWS)
            return jnp.mean(z[..., 0] + z[..., 1], axis=0).sum(), (z, log_q)

        def exact(mu, kappa):
            mu = mu / jnp.linalg.norm(mu, axis=-1, keepdims=True)
            return jnp.sum(mean_cosine(dim, kappa)[:, None] * mu[:, :2])

        slopes, (z, log_q) = jax.grad(mean, argnums=(0, 1), has_aux=True)(q.mu, q.kappa)
        wanted = jax.grad(exact, argnums=(0, 1))(q.mu, q.kappa)
        uniform = UniformSphere(q.units)
        return (z, log_q, q.log_prob(z)), (slopes, wanted), (q.kl(uniform)[:, 0], uniform.log_prob(z))

    return (q := fisher(dim)), *jax.device_get(all_of(q))


# The circle and more dimensions: longer.
SLOWER = [3, *(pytest.param(dim, marks=pytest.mark.slow) for dim in (2, 8))]


@pytest.mark.parametrize("dim", SLOWER)
def test_samples_have_length_one_their_density_and_the_mean_along_mu(dim):
    q, (z, log_q, log_prob), *_ = sampled(dim)
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(log_q, log_prob, rtol=1e-4, atol=1e-4)
    rng = np.random.default_rng(0)
    for k in range(2):
        mu = np.asarray(q.mu[k], np.float64)
        theirs = stats.vonmises_fisher(mu / np.linalg.norm(mu), float(q.kappa[k])).rvs(DRAWS, random_state=rng)
        np.testing.assert_allclose(z[:, k].mean(0), theirs.mean(0), atol=5 * DRAWS**-0.5)
        # Of every other direction too, not only of the angle to mu.
        np.testing.assert_allclose(z[:, k].T @ z[:, k] / DRAWS, theirs.T @ theirs / DRAWS, atol=5 * DRAWS**-0.5)


@pytest.mark.parametrize("dim", SLOWER)
def test_the_gradient_of_a_sample_is_that_of_the_mean(dim):
    """The mean of z is A(kappa) mu."""
    _, _, (slopes, exact), _ = sampled(dim)
    for found, wanted in zip(slopes, exact, strict=True):
        np.testing.assert_allclose(found, wanted, atol=0.06)


@pytest.mark.parametrize("dim", SLOWER)
def test_the_kl_to_the_uniform_sphere_is_the_mean_log_ratio(dim):
    _, (_, log_q, _), _, (kl, log_p) = sampled(dim)
    ratio = log_q - log_p
    assert np.all(np.abs(kl - ratio.mean(0)) < 4 * ratio.std(0) / DRAWS**0.5)


def test_uniform_directions_have_length_one_and_no_mean():
    z, log_p = UniformSphere(Units(4, 4)).sample(training_noise(2), DRAWS)
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(z.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(np.exp(-log_p), 2 * np.pi**2, rtol=1e-5)


def test_pairs_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match=r"'von_mises_fisher', which needs a prior on the unit sphere"):
        fisher(3).kl(StandardNormal(Units(3, 3)))
    with pytest.raises(UserError, match=r"latent_dim: found 1; config\.model\.posterior=von_mises_fisher needs"):
        VonMisesFisherPosterior(None, small_build(1), jax.random.key(0))


def test_the_posterior_gives_directions_and_concentrations():
    @jax.jit
    def found(features):
        return VonMisesFisherPosterior(None, small_build(3), jax.random.key(0))(features, Units(3, 3))

    q = found(jax.random.normal(jax.random.key(1), (4, 5)))
    np.testing.assert_allclose(np.linalg.norm(q.centre(), axis=1), 1, rtol=1e-5)
    assert q.kappa.shape == (4,)
    assert np.all(q.kappa > 0)
