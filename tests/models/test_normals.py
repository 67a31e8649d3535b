"""q(z|x): its divergence against a library's, its floor, its samples."""

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.models.posteriors import POSTERIORS, DiagonalGaussian, diagonal_gaussian


@given(st.floats(-5, 5), st.floats(1e-3, 10))
def test_kl_is_that_of_two_normals(mu, sigma):
    ours = DiagonalGaussian(jnp.full((1, 1), mu), jnp.full((1, 1), sigma)).kl()
    theirs = dist.kl_divergence(dist.Normal(mu, sigma), dist.Normal(0, 1))
    np.testing.assert_allclose(ours[0, 0], theirs, rtol=2e-4, atol=2e-5)


def test_the_outputs_of_each_unit_are_its_mu_and_a_positive_sigma():
    outputs = jnp.array([[1.0, -1000.0, 2.0, 0.0]])
    q = diagonal_gaussian(outputs)
    np.testing.assert_allclose(q.mu, [[1, 2]])
    np.testing.assert_allclose(q.sigma, [[1e-6, np.log(2)]], rtol=1e-5)
    assert POSTERIORS["diagonal_gaussian"].outputs == 2


def test_a_sample_is_so_many_sigmas_above_the_mean_as_its_noise_says():
    q = DiagonalGaussian(jnp.array([[3.0, -1.0]]), jnp.array([[0.5, 2.0]]))
    np.testing.assert_array_equal(q.sample(jnp.array([[2.0, -1.0]])), [[4.0, -3.0]])
