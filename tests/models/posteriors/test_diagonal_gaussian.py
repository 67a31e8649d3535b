"""The normal posterior: what the head's outputs mean."""

import jax
import jax.numpy as jnp
import numpy as np
from made_models import build

from vae_jax.core.units import Units
from vae_jax.models.posteriors.diagonal_gaussian import DiagonalGaussianPosterior


def test_the_outputs_of_each_unit_are_its_mu_and_a_positive_sigma():
    posterior = DiagonalGaussianPosterior(None, build(latent_dim=2, features=1), jax.random.key(0))
    posterior.head.layer.kernel[...] = jnp.zeros((1, 4))
    posterior.head.layer.bias[...] = jnp.array([1.0, -1000.0, 2.0, 0.0])
    q = posterior(jnp.ones((3, 1)), Units(2, 2))
    np.testing.assert_allclose(q.mu, [[1, 2]] * 3)
    np.testing.assert_allclose(q.sigma, [[1e-6, np.log(2)]] * 3, rtol=1e-5)
