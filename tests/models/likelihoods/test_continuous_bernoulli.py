"""The continuous Bernoulli likelihood."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_jax.models.likelihoods.continuous_bernoulli import ContinuousBernoulliPixels, log_sinh_ratio

LOGITS = np.array([-80.0, -20, -3, -0.11, -0.09, -1e-3, 0, 1e-5, 0.09, 0.11, 3, 20, 80])


def pixels(logits):
    return ContinuousBernoulliPixels(jnp.asarray(logits, jnp.float32).reshape(-1, 1, 1, 1))


def test_at_a_logit_of_zero_it_is_uniform():
    x = jnp.linspace(0, 1, 5).reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(pixels(np.zeros(5)).log_prob(x), 0, atol=1e-6)
    assert float(pixels([0.0]).mean()[0, 0, 0, 0]) == 0.5


def test_the_constant_makes_up_for_what_a_bernoulli_over_grey_pixels_lacks():
    """It is log C of the paper, with p = sigmoid(logit): log(2 atanh(1 - 2p) / (1 - 2p)), or log 2 at p = 1/2."""
    logits = LOGITS[np.abs(LOGITS) > 0.05]
    p = 1 / (1 + np.exp(-logits))
    x = np.full(len(logits), 0.3)
    expected = x * logits - np.logaddexp(0, logits) + np.log(-logits / -np.tanh(logits / 2))
    assert np.allclose(1 - 2 * p, -np.tanh(logits / 2))
    found = pixels(logits).log_prob(jnp.full((len(logits), 1, 1, 1), 0.3))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_mean_is_the_slope_of_the_normaliser():
    """log Z = logit / 2 + log(sinh(logit / 2) / (logit / 2))."""
    slope = 0.5 + jax.vmap(jax.grad(lambda logit: log_sinh_ratio(logit / 2)))(jnp.asarray(LOGITS, jnp.float32))
    np.testing.assert_allclose(pixels(LOGITS).mean().ravel(), slope, rtol=1e-4, atol=1e-5)
    assert np.all(np.diff(np.asarray(pixels(LOGITS).mean()).ravel()) >= 0)


def test_the_series_meets_the_exact_form():
    around = jnp.array([0.0999, 0.1001])
    np.testing.assert_allclose(log_sinh_ratio(around), np.log(np.sinh([0.0999, 0.1001]) / [0.0999, 0.1001]), rtol=1e-4)
