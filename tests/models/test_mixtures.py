"""Mixtures: densities and samples, for normals against NumPyro's."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from small_models import KEY, small_build, training_noise

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.mixtures import Mixture
from vae_jax.models.normals import DiagonalGaussian
from vae_jax.models.priors.gaussian_mixture import GaussianMixturePrior

WEIGHTS = jnp.array([0.2, 0.5, 0.3])
MU = jnp.array([[-2.0, 1.0], [3.0, 0.0], [0.5, -1.0]])
SIGMA = jnp.array([[0.5, 1.0], [0.2, 2.0], [1.0, 0.3]])


def mixture(mu=MU, sigma=SIGMA, count=2):
    return Mixture(jnp.log(WEIGHTS), DiagonalGaussian(mu, sigma, Units(mu.shape[1], count)))


@pytest.fixture(scope="module")
def drawn():
    """Samples, and those of a mixture with masked units."""

    @jax.jit
    def both():
        padded = [jnp.pad(leaf, ((0, 0), (0, 2)), constant_values=9.0) for leaf in (MU, SIGMA)]
        return [p.sample(training_noise(9000), 1) for p in (mixture(), mixture(*padded))]

    return both()


def test_the_density_is_that_of_a_library(drawn):
    (z, log_p), _ = drawn
    normals = dist.Independent(dist.Normal(MU, SIGMA), 1)
    theirs = dist.MixtureSameFamily(dist.Categorical(probs=WEIGHTS), normals)
    np.testing.assert_allclose(log_p, jax.jit(theirs.log_prob)(z), rtol=1e-4, atol=1e-5)


def test_samples_have_the_moments_of_the_mixture(drawn):
    (z, _), _ = drawn
    mean = WEIGHTS @ MU
    np.testing.assert_allclose(z[0].mean(0), mean, atol=0.1)
    np.testing.assert_allclose(z[0].var(0), WEIGHTS @ (SIGMA**2 + MU**2) - mean**2, rtol=0.05)


def test_the_density_integrates_to_one():
    line = np.linspace(-12, 12, 401)
    z = jnp.asarray(np.stack(np.meshgrid(line, line), axis=-1), jnp.float32)
    np.testing.assert_allclose(np.exp(jax.jit(mixture().log_prob)(z)).sum() * (line[1] - line[0]) ** 2, 1, rtol=1e-3)


def test_masked_units_change_nothing(drawn):
    (z, log_p), (longer, log_longer) = drawn
    np.testing.assert_allclose(longer[..., :2], z, rtol=1e-6)
    np.testing.assert_allclose(log_longer, log_p, rtol=1e-5)
    assert not longer[..., 2:].any()


@pytest.mark.slow
def test_draws_depend_on_the_images_and_not_on_the_batch():
    few, many = (
        jax.jit(lambda noise: mixture().sample(noise, 2)[0])(Noise(KEY, len(index), jnp.array(index)))
        for index in ([7, 4], [3, 4, 5, 6, 7])
    )
    np.testing.assert_array_equal(few, many[:, [4, 1]])


def test_the_prior_starts_with_equal_weights_unit_scales_and_means_that_more_units_do_not_change():
    @jax.jit
    def found():
        def of(size):
            prior = GaussianMixturePrior(GaussianMixturePrior.Settings(normals=4), small_build(size), KEY)
            components = prior.mu[...], prior.spread[...]
            return *components, jax.nn.log_softmax(prior.logits[...])

        return of(2), of(5)

    (mu, spread, weights), (more, _, _) = found()
    np.testing.assert_array_equal(more[:, :2], mu)
    np.testing.assert_allclose(jax.nn.softplus(spread), 1, rtol=1e-6)
    np.testing.assert_allclose(np.exp(weights), 0.25, rtol=1e-6)
