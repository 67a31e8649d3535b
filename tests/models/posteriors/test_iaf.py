"""Inverse autoregressive flows: their density, what they see, and units that a member does not have."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import KEY, small_build, training_noise

from vae_jax.models.contracts import HasCentre, HasKL, HasLogProb, HasScale
from vae_jax.models.posteriors.iaf import IAF
from vae_jax.models.units import Units

SIZE = 4
FEATURES = jax.random.normal(KEY, (3, 5))


def iaf(size, blocks=2, strength=1.0):
    """A flow whose blocks do `strength` times as much as at the start."""
    posterior = IAF(IAF.Settings(blocks=blocks, width=3, context=2), small_build(size), KEY)
    for block in posterior.flow.blocks:
        block.kernel[...] = strength * block.kernel[...]
    return posterior


@partial(jax.jit, static_argnums=(0, 1))
def sampled(size, blocks, count):
    q = iaf(size, blocks, 10.0)(FEATURES, Units(size, count))
    z, log_q = q.sample(training_noise(3), 2)
    return z, log_q, q.centre(), q.base.mu, q.base.sigma


def test_the_log_density_is_that_of_the_base_less_the_log_jacobian():
    q = iaf(SIZE, strength=10.0)(FEATURES, Units(SIZE, SIZE))
    noise = training_noise(3)
    z, log_q = q.sample(noise, 2)
    base, log_base = q.base.sample(noise, 2)

    def moved(point, k):
        return q._flow(q.base.centre().at[k].set(point))[0][k]

    for sample in range(2):
        for k in range(3):
            jacobian = jax.jacfwd(moved)(base[sample, k], k)
            sign, log_det = np.linalg.slogdet(np.asarray(jacobian, np.float64))
            assert sign != 0
            np.testing.assert_allclose(log_q[sample, k], log_base[sample, k] - log_det, rtol=1e-4)
            np.testing.assert_allclose(moved(base[sample, k], k), z[sample, k], rtol=1e-5, atol=1e-6)


def test_the_density_integrates_to_one():
    """Two units, on a grid of the base: the density of a moved cell times its area is the base's mass."""
    q = iaf(2, strength=10.0)(FEATURES[:1], Units(2, 2))
    line = jnp.linspace(-4.5, 4.5, 121)
    eps = jnp.stack(jnp.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    base = q.base.mu + q.base.sigma * eps
    z, log_det = q._flow(base)
    log_q = np.asarray(q.base.log_prob(base) - log_det, np.float64)[:, 0].reshape(121, 121)
    grid = np.asarray(z, np.float64).reshape(121, 121, 2)
    down, across = grid[1:, :-1] - grid[:-1, :-1], grid[:-1, 1:] - grid[:-1, :-1]
    areas = np.abs(down[..., 0] * across[..., 1] - down[..., 1] * across[..., 0])
    assert np.ptp(np.asarray(log_det)) > 0.1, "the flow does something"
    np.testing.assert_allclose(np.sum(np.exp(log_q[:-1, :-1]) * areas), 1, rtol=2e-2)


def test_a_block_is_triangular_and_the_next_sees_the_units_the_other_way_round():
    for blocks, part in ((1, np.triu), (2, None)):
        q = iaf(SIZE, blocks, 10.0)(FEATURES[:1], Units(SIZE, SIZE))
        slopes = np.asarray(jax.jacfwd(lambda z: q._flow(z[None])[0][0])(jnp.ones(SIZE)))  # noqa: B023
        if part is not None:
            assert not part(slopes, 1).any()
        else:
            assert slopes[0, -1] != 0, "reversed between the blocks"
            assert np.all(np.abs(slopes[np.arange(SIZE), np.arange(SIZE)[::-1]]) > 0)


@settings(max_examples=8)
@given(st.integers(1, SIZE), st.sampled_from([1, 2]))
def test_units_beyond_the_count_change_nothing(count, blocks):
    alone, padded = sampled(count, blocks, count), sampled(SIZE, blocks, jnp.int32(count))
    for ours, theirs in zip(alone, padded, strict=True):
        cut = theirs if ours.shape == theirs.shape else theirs[..., :count]
        np.testing.assert_allclose(ours, cut, rtol=1e-5, atol=1e-6)
    for z in (padded[0], padded[2]):
        assert not z[..., count:].any()


def test_at_the_start_most_of_the_base_is_kept():
    q = iaf(SIZE, blocks=1)(FEATURES, Units(SIZE, SIZE))
    share = jax.jacfwd(lambda z: q._flow(z)[0][0])(q.base.centre())[:, 0]
    np.testing.assert_allclose(np.diag(share), jax.nn.sigmoid(1.5), atol=0.1)


def test_the_density_is_known_of_its_own_samples_alone():
    q = iaf(SIZE)(FEATURES, Units(SIZE, SIZE))
    assert isinstance(q, HasCentre)
    assert not isinstance(q, (HasLogProb, HasKL, HasScale))


def test_it_is_a_pytree_whose_leaves_hold_the_flows_weights():
    q = iaf(SIZE)(FEATURES, Units(SIZE, SIZE))
    weights = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(iaf(SIZE).flow)))
    assert sum(jnp.size(leaf) for leaf in jax.tree.leaves(q.weights)) == weights
    z, _ = q.sample(training_noise(3), 1)
    again, _ = jax.tree.map(lambda leaf: leaf, q).sample(training_noise(3), 1)
    np.testing.assert_array_equal(z, again)


def test_the_gradient_reaches_the_flow_its_context_and_the_base():
    def cost(state):
        module = nnx.merge(graph, state)
        z, log_q = module(FEATURES, Units(SIZE, SIZE)).sample(training_noise(3), 1)
        return jnp.mean(log_q + jnp.sum(z**2, axis=-1))

    graph, state = nnx.split(iaf(SIZE))
    for path, slope in jax.tree_util.tree_leaves_with_path(jax.grad(cost)(state)):
        assert np.any(slope != 0), jax.tree_util.keystr(path)
