"""Finite scalar quantisation: its values, its gradient, and masked units."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_models import KEY, small_build, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.normals import StandardNormal
from vae_jax.models.posteriors.fsq import FSQ, ScalarCodes
from vae_jax.models.priors.uniform_codes import UniformCodes

FEATURES = 3 * jax.random.normal(KEY, (40, 5))


def fsq(levels, size=3, count=None):
    return FSQ(FSQ.Settings(levels=levels), small_build(size, count), KEY)


@pytest.mark.parametrize("levels", [2, 3, 4, 5, 8])
def test_every_unit_is_at_the_nearest_of_values_evenly_from_minus_one_to_one(levels):
    posterior = fsq(levels)
    z = posterior(FEATURES, Units(3, 3)).z
    bounded = np.tanh(posterior.head(FEATURES)[0])
    values = np.linspace(-1, 1, levels)
    nearest = values[np.abs(bounded[..., None] - values).argmin(-1)]
    np.testing.assert_allclose(z, nearest, atol=1e-6)
    assert len(np.unique(np.round(z, 4))) == levels, "all are reached"


@pytest.mark.parametrize("levels", [2, 5, 6])
def test_very_large_outputs_stay_within_the_values(levels):
    posterior = fsq(levels)
    posterior.head.layer.kernel[...] = 1e6 * posterior.head.layer.kernel[...]
    z = posterior(FEATURES, Units(3, 3)).z
    np.testing.assert_array_equal(np.unique(z), [-1, 1])


def test_the_gradient_is_straight_through():
    graph, state = nnx.split(fsq(5))

    @partial(jax.jit, static_argnums=1)
    @jax.grad
    def slopes(features, rounded):
        posterior = nnx.merge(graph, state)
        z = posterior(features, Units(3, 3)).z if rounded else jnp.tanh(posterior.head(features)[0])
        return jnp.sum(z * jnp.arange(1.0, 4.0))

    np.testing.assert_allclose(slopes(FEATURES, True), slopes(FEATURES, False), rtol=1e-5, atol=1e-7)


def test_a_unit_costs_the_log_of_its_levels_and_a_masked_unit_nothing():
    q = fsq(5, 3, jnp.int32(2))(FEATURES, Units(3, jnp.int32(2)))
    p = UniformCodes(q.book)
    np.testing.assert_allclose(q.kl(p), np.tile([math.log(5), math.log(5), 0], (40, 1)), rtol=1e-6)
    z, log_q = q.sample(training_noise(40), 2)
    np.testing.assert_allclose(log_q - p.log_prob(z), 2 * math.log(5), rtol=1e-6)
    assert not z[..., 2].any()
    np.testing.assert_allclose(z[..., :2], jnp.stack([fsq(5, 2)(FEATURES, Units(2, 2)).z] * 2), rtol=1e-6)


def test_the_codes_of_the_prior_are_the_values_of_the_posterior():
    book = ScalarCodes(Units(3, 2), 5)
    np.testing.assert_allclose(
        book.latents(jnp.arange(5)[:, None] * jnp.ones(3, jnp.int32))[:, 0], np.linspace(-1, 1, 5)
    )
    assert not book.latents(jnp.full((1, 3), 4))[:, 2].any()


def test_another_prior_is_refused():
    q = fsq(5)(FEATURES, Units(3, 3))
    with pytest.raises(UserError, match=r"'fsq', which needs config\.model\.prior=uniform_codes"):
        q.kl(StandardNormal(Units(3, 3)))
