"""p(x|z): every family against the density that it stands for."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from vae_jax.models.likelihoods import LIKELIHOODS, mean_image

KEY = jax.random.key(0)
X = jax.random.uniform(KEY, (2, 3, 4, 1))
OUTPUT = 3 * jax.random.normal(jax.random.fold_in(KEY, 1), X.shape)


@pytest.mark.parametrize(
    ("name", "density"),
    [
        ("gaussian", lambda mean: dist.Normal(mean, 0.2)),
        ("gaussian_learned", lambda mean: dist.Normal(mean, 0.2)),
        ("mse", lambda mean: dist.Normal(mean, 0.5**0.5)),
    ],
)
def test_pixel_loss_and_constant_make_the_negative_log_density(name, density):
    likelihood = LIKELIHOODS[name]
    ours = likelihood.pixel_loss(X, OUTPUT, jnp.log(0.2)) + likelihood.constant
    np.testing.assert_allclose(ours, -density(mean_image(OUTPUT)).log_prob(X), rtol=1e-4, atol=1e-5)


def test_bernoulli_is_the_negative_log_probability_of_binary_pixels():
    x = jnp.round(X)
    likelihood = LIKELIHOODS["bernoulli"]
    ours = likelihood.pixel_loss(x, OUTPUT, jnp.log(1.0)) + likelihood.constant
    np.testing.assert_allclose(ours, -dist.Bernoulli(logits=OUTPUT).log_prob(x), rtol=1e-5, atol=1e-6)


def test_the_posts_loss_is_the_squared_error_itself():
    np.testing.assert_allclose(LIKELIHOODS["mse"].pixel_loss(X, OUTPUT, jnp.log(1.0)), (X - mean_image(OUTPUT)) ** 2)


def test_extreme_outputs_stay_finite():
    for name, likelihood in LIKELIHOODS.items():
        loss = likelihood.pixel_loss(X, jnp.full_like(X, 1e4), jnp.log(0.1))
        assert jnp.isfinite(loss).all(), name


def test_only_the_learned_gaussian_has_a_parameter():
    assert [name for name, likelihood in LIKELIHOODS.items() if likelihood.learns_sigma] == ["gaussian_learned"]
