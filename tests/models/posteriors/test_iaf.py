"""Inverse autoregressive flows: their density, their dependencies, and masked units."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from moved_cells import EPS, mass
from numpyro.distributions.flows import InverseAutoregressiveTransform
from small_models import KEY, small_build, training_noise

from vae_jax.core.units import Units
from vae_jax.models.contracts import HasCentre, HasKL, HasLogProb, HasScale, TakesPasses
from vae_jax.models.posteriors.iaf import IAF

SIZE = 4
FEATURES = jax.random.normal(KEY, (3, 5))


def iaf(size, blocks=2, strength=1.0):
    """A flow with its starting weights multiplied by `strength`."""
    posterior = IAF(IAF.Settings(blocks=blocks, width=3, context=2), small_build(size), KEY)
    for block in posterior.flow.blocks:
        block.kernel[...] = strength * block.kernel[...]
    return posterior


def flowed(q, z):
    return q.flow(z, q.context, q.base.units)


@partial(jax.jit, static_argnums=(0, 1))
def sampled(size, blocks, count):
    q = iaf(size, blocks, 10.0)(FEATURES, Units(size, count))
    z, log_q = q.sample(training_noise(3), 2)
    return z, log_q, q.centre(), q.base.mu, q.base.sigma


def test_the_log_density_is_that_of_the_base_less_the_log_jacobian():

    @jax.jit
    def of_all():
        q, noise = iaf(SIZE, strength=10.0)(FEATURES, Units(SIZE, SIZE)), training_noise(3)
        base, log_base = q.base.sample(noise, 2)
        slopes = jax.jacfwd(lambda z: flowed(q, z)[0])(base)
        own = jnp.einsum("kbukbv->kbuv", slopes)
        return *q.sample(noise, 2), flowed(q, base)[0], log_base, own

    z, log_q, moved, log_base, jacobians = of_all()
    np.testing.assert_allclose(moved, z, rtol=1e-5, atol=1e-6)
    log_det = np.linalg.slogdet(np.asarray(jacobians, np.float64))[1]
    assert np.ptp(log_det) > 0.1, "the flow does something"
    np.testing.assert_allclose(log_q, log_base - log_det, rtol=1e-4)


def test_the_density_integrates_to_one():
    @jax.jit
    def on_grid():
        q = iaf(2, strength=10.0)(FEATURES[:1], Units(2, 2))
        base = q.base.mu + q.base.sigma * EPS
        z, log_det = flowed(q, base)
        return z, log_det, q.base.log_prob(base) - log_det

    z, log_det, log_q = on_grid()
    assert np.ptp(np.asarray(log_det)) > 0.1, "the flow does something"
    np.testing.assert_allclose(mass(z, log_q), 1, rtol=2e-2)


def test_a_block_is_that_of_a_library():
    """NumPyro's with the same network: `z -> mean + exp(log_scale) z`."""

    @jax.jit
    def both(z):
        q = iaf(SIZE, blocks=1, strength=10.0)(FEATURES, Units(SIZE, SIZE))

        def network(z):
            m, s = q.flow.blocks[0](z, q.context)
            gate = jax.nn.sigmoid(s + 1.5)
            return (1 - gate) * m, jnp.log(gate)

        theirs = InverseAutoregressiveTransform(network, log_scale_min_clip=-20.0)
        moved = theirs(z)
        return flowed(q, z), (moved, theirs.log_abs_det_jacobian(z, moved))

    for ours, theirs in zip(*both(jax.random.normal(jax.random.key(2), (3, SIZE))), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@partial(jax.jit, static_argnums=0)
def slopes_of(blocks):
    q = iaf(SIZE, blocks, 10.0)(FEATURES[:1], Units(SIZE, SIZE))
    return jax.jacfwd(lambda z: flowed(q, z[None])[0][0])(jnp.ones(SIZE))


@pytest.mark.slow
def test_a_block_is_triangular_and_the_next_block_reverses_the_order_of_the_units():
    for blocks, part in ((1, np.triu), (2, None)):
        slopes = np.asarray(slopes_of(blocks))
        if part is not None:
            assert not part(slopes, 1).any()
        else:
            assert slopes[0, -1] != 0, "reversed between the blocks"
            assert np.all(np.abs(slopes[np.arange(SIZE), np.arange(SIZE)[::-1]]) > 0)


@pytest.mark.slow
@given(st.sampled_from([1, 3]))
def test_masked_units_change_nothing(count):
    alone, padded = sampled(count, 2, jnp.int32(count)), sampled(SIZE, 2, jnp.int32(count))
    for ours, theirs in zip(alone, padded, strict=True):
        cut = theirs if ours.shape == theirs.shape else theirs[..., :count]
        np.testing.assert_allclose(ours, cut, rtol=1e-5, atol=1e-6)
    for z in (padded[0], padded[2]):
        assert not z[..., count:].any()


def test_at_the_start_a_block_keeps_most_of_its_input():

    @jax.jit
    def shares():
        q = iaf(SIZE, blocks=1)(FEATURES[:1], Units(SIZE, SIZE))
        return jax.jacfwd(lambda z: flowed(q, z[None])[0][0])(q.base.centre()[0])

    np.testing.assert_allclose(np.diag(shares()), 1 / (1 + np.exp(-1.5)), atol=0.1)


@pytest.mark.slow
def test_it_has_a_density_at_every_point_that_takes_a_pass_for_each_unit_and_no_closed_kl():
    q = iaf(SIZE)(FEATURES, Units(SIZE, SIZE))
    assert isinstance(q, HasCentre)
    assert isinstance(q, HasLogProb)
    assert isinstance(q, TakesPasses)
    assert q.passes == SIZE
    assert not isinstance(q, (HasKL, HasScale))


@pytest.mark.slow
def test_it_is_a_pytree_whose_leaves_hold_the_flows_weights():
    q = iaf(SIZE)(FEATURES, Units(SIZE, SIZE))
    weights = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(iaf(SIZE).flow)))
    assert sum(jnp.size(leaf) for leaf in jax.tree.leaves(q.weights)) == weights
    z, _ = q.sample(training_noise(3), 1)
    again, _ = jax.tree.map(lambda leaf: leaf, q).sample(training_noise(3), 1)
    np.testing.assert_array_equal(z, again)


@pytest.mark.slow
def test_the_gradient_reaches_the_flow_its_context_and_the_base():
    def cost(state):
        module = nnx.merge(graph, state)
        z, log_q = module(FEATURES, Units(SIZE, SIZE)).sample(training_noise(3), 1)
        return jnp.mean(log_q + jnp.sum(z**2, axis=-1))

    graph, state = nnx.split(iaf(SIZE))
    for path, slope in jax.tree_util.tree_leaves_with_path(jax.jit(jax.grad(cost))(state)):
        assert np.any(slope != 0), jax.tree_util.keystr(path)
