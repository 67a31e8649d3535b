"""Vector quantisation: nearest codes, moving averages, and the commitment cost."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_models import KEY, small_build, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.normals import StandardNormal
from vae_jax.models.posteriors.vq import VQ
from vae_jax.models.priors.uniform_codes import UniformCodes

FEATURES = jax.random.normal(KEY, (7, 5))
SIZE, CODES, POSITIONS, COMMITMENT, DECAY = 6, 4, 3, 0.3, 0.9
SETTINGS = VQ.Settings(codes=CODES, positions=POSITIONS, commitment=COMMITMENT, decay=DECAY)


def vq():
    return VQ(SETTINGS, small_build(SIZE), KEY)


def by_hand(posterior):
    """The encoder's vectors, the codes, and which is nearest."""
    vectors = np.asarray(posterior.layer(FEATURES), np.float64).reshape(-1, SIZE // POSITIONS)
    codes = np.asarray(posterior.vectors[...], np.float64)
    nearest = ((vectors[:, None] - codes) ** 2).sum(-1).argmin(1)
    return vectors, codes, nearest


def test_every_position_takes_its_nearest_code_and_the_penalty_is_the_squared_distance():
    posterior = vq()
    vectors, codes, nearest = by_hand(posterior)
    q = posterior(FEATURES, Units(SIZE, SIZE))
    assert len(set(nearest)) > 1
    np.testing.assert_allclose(q.z, codes[nearest].reshape(7, SIZE), rtol=1e-5, atol=1e-6)
    distance = ((vectors - codes[nearest]) ** 2).reshape(7, -1).sum(1)
    np.testing.assert_allclose(q.penalty, COMMITMENT * distance, rtol=1e-5)


def test_the_codes_move_to_the_means_of_their_vectors():
    posterior = vq()
    counts, sums = np.ones(CODES), np.asarray(posterior.vectors[...], np.float64)
    for _ in range(3):
        vectors, _, nearest = by_hand(posterior)
        hits = np.eye(CODES)[nearest]
        counts = DECAY * counts + (1 - DECAY) * hits.sum(0)
        sums = DECAY * sums + (1 - DECAY) * hits.T @ vectors
        smoothed = (counts + 1e-5) / (counts.sum() + CODES * 1e-5) * counts.sum()
        posterior(FEATURES, Units(SIZE, SIZE))
        np.testing.assert_allclose(posterior.vectors[...], sums / smoothed[:, None], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(posterior.counts[...], counts, rtol=1e-5)


def test_the_gradient_is_straight_through_and_the_commitment_pulls_the_encoder_to_the_codes():
    graph, *states = nnx.split(vq(), nnx.Param, ...)
    params, others = map(nnx.to_pure_dict, states)
    vectors, codes, nearest = by_hand(vq())

    @jax.jit
    @jax.grad
    def slopes(params, share):
        posterior = nnx.merge(graph, params, others)
        q = posterior(FEATURES, Units(SIZE, SIZE))
        return jnp.sum((1 - share) * jnp.sum(q.z * jnp.arange(6.0), axis=-1) + share * q.penalty)

    def of_bias(share):
        return slopes(params, share)["layer"]["bias"]

    np.testing.assert_allclose(of_bias(0.0), 7 * np.arange(6.0), rtol=1e-6)
    pull = (2 * COMMITMENT * (vectors - codes[nearest])).reshape(7, SIZE).sum(0)
    np.testing.assert_allclose(of_bias(1.0), pull, rtol=1e-4, atol=1e-6)


def test_codes_and_their_averages_are_not_parameters():
    names = {path[0].key for path, _ in jax.tree_util.tree_leaves_with_path(nnx.state(vq(), nnx.Param))}
    assert names == {"layer"}


def test_an_example_costs_the_log_of_the_codes_at_each_position():
    q = vq()(FEATURES, Units(SIZE, SIZE))
    p = UniformCodes(q.book)
    np.testing.assert_allclose(q.kl(p), np.full((7, POSITIONS), math.log(CODES)), rtol=1e-6)
    z, log_q = q.sample(training_noise(7), 2)
    np.testing.assert_allclose(log_q - p.log_prob(z), POSITIONS * math.log(CODES), rtol=1e-6)
    np.testing.assert_array_equal(q.centre(), z[1])


def test_positions_that_do_not_divide_the_units_are_refused():
    with pytest.raises(UserError, match=r"posteriors\.vq\.positions: found 3, which does not divide .*latent_dim=5"):
        VQ(SETTINGS, small_build(5), KEY)


def test_another_prior_is_refused():
    q = vq()(FEATURES, Units(SIZE, SIZE))
    with pytest.raises(UserError, match=r"'vq', which needs config\.model\.prior=uniform_codes"):
        q.kl(StandardNormal(Units(SIZE, SIZE)))
