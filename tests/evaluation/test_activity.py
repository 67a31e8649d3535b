"""Active units of a latent space."""

import jax.numpy as jnp
import numpy as np

from vae_jax.evaluation.activity import active_units


def test_a_unit_is_active_if_the_variance_of_its_mean_is_above_a_hundredth():
    wave = np.resize([-1, 1], 100)
    mu = np.stack([wave, 0.2 * wave, 0.05 * wave, np.full(100, 7)], axis=1).astype(np.float32)
    assert int(active_units(jnp.asarray(mu))) == 2  # variances 1, 0.04, 0.0025 and 0
