"""Which units of a latent space are used at all."""

import numpy as np
import pytest

from vae_jax.evaluation.activity import active_units


def test_a_unit_is_active_where_its_mean_varies_enough():
    wave = np.resize([-1, 1], 100)
    mu = np.stack([wave, 0.2 * wave, 0.05 * wave, np.full(100, 7)], axis=1).astype(np.float32)
    assert active_units(mu) == 2  # variances 1, 0.04, 0.0025 and 0


@pytest.mark.parametrize(("least", "count"), [(0.001, 3), (0.5, 1), (1, 0)])
def test_what_counts_as_none_can_be_chosen(least, count):
    """Variances 1, 0.04 and 0.0025: more than the least is active."""
    wave = np.resize([-1.0, 1.0], 100)
    assert active_units(np.stack([wave, 0.2 * wave, 0.05 * wave], axis=1), least) == count
