"""The Bernoulli likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from vae_jax.core.noise import Noise
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.likelihoods.bernoulli import BernoulliPixels

KEY = jax.random.key(0)
LOGITS = 3 * jax.random.normal(KEY, (5, 2, 3, 4, 1))
X = jnp.round(jax.random.uniform(KEY, (2, 3, 4, 1)))


def test_the_log_probability_of_binary_pixels_is_that_of_a_library():
    ours = BernoulliPixels(LOGITS).log_prob(X)
    theirs = dist.Bernoulli(logits=LOGITS).log_prob(X).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 28, 28, 1), (2, 7, 1, 1), (1, 1, 1, 1), (1, 50, 50, 3)])
def test_it_and_its_slopes_agree_with_numpy_for_any_number_of_pixels(shape):
    """Pixels whose logarithms are taken together are as many as divide their number."""
    x = np.asarray(jax.random.uniform(KEY, shape), np.float64)
    logits = np.asarray(30 * jax.random.normal(jax.random.key(1), (3, *shape)), np.float64)
    found = BernoulliPixels(jnp.asarray(logits, jnp.float32)).log_prob(jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(found, (x * logits - np.logaddexp(logits, 0)).sum((-3, -2, -1)), rtol=2e-6, atol=1e-4)

    def total(x, logits):
        return jnp.sum(BernoulliPixels(logits).log_prob(x))

    of_x, of_logits = jax.grad(total, argnums=(0, 1))(jnp.asarray(x, jnp.float32), jnp.asarray(logits, jnp.float32))
    np.testing.assert_allclose(of_logits, x - 1 / (1 + np.exp(-logits)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_x, logits.sum(0), rtol=1e-5, atol=1e-4)


def test_a_grey_pixel_costs_its_share_of_white_and_of_black():
    grey, pixels = jnp.full_like(X, 0.3), BernoulliPixels(LOGITS)
    expected = 0.3 * pixels.log_prob(jnp.ones_like(X)) + 0.7 * pixels.log_prob(jnp.zeros_like(X))
    np.testing.assert_allclose(pixels.log_prob(grey), expected, rtol=1e-5)


def test_extreme_logits_stay_finite():
    for logit in (1e4, -1e4):
        assert jnp.isfinite(BernoulliPixels(jnp.full_like(LOGITS, logit)).log_prob(X)).all()


def test_samples_are_black_or_white_with_the_mean_as_probability():
    pixels = BernoulliPixels(jnp.full((4000, 2, 2, 1), 0.7))
    drawn = np.asarray(pixels.sample(Noise(KEY, 4000)))
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(axis=0), pixels.mean()[0], atol=0.03)


def test_it_is_a_mass_over_zero_and_one():
    assert (LIKELIHOODS["bernoulli"].support, LIKELIHOODS["bernoulli"].constant) == ("{0, 1}", 0)
