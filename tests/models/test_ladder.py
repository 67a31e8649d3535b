"""The ladder: two levels, and rates that are estimated without bias."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_models import KEY, small_batch, small_build, small_model, training_noise

from vae_jax.core.noise import Noise
from vae_jax.models.ladder import Ladder

LADDER = {"model": {"name": "ladder"}, "parts": {"models": {"ladder": {"upper_dim": 2, "hidden": 4}}}}
BATCH = small_batch(3)


def ladder(size=3, count=None, condition=0):
    """A ladder with levels that depend strongly on each other."""
    model = small_model(size, count, condition=condition, **LADDER)
    for part in (model.up, model.down, model):
        part.head.layer.kernel[...] = 1.5 * part.head.layer.kernel[...]
    return model


@partial(jax.jit, static_argnums=(0, 2))
def inferred(size, count, k):
    return ladder(size, count).infer(BATCH.x, None, training_noise(3), k)


@pytest.mark.slow
def test_the_latents_are_the_upper_units_and_then_the_lower_ones():
    found = inferred(3, 3, 2)
    assert found.z.shape == (2, 3, 5)
    assert found.rates.shape == (3, 5)
    assert (found.log_q.shape, found.log_p.shape) == ((2, 3), (2, 3))
    assert (found.q, found.p, found.penalty) == (None, None, None)
    assert jax.eval_shape(lambda: ladder().units.mask).shape == (5,)


@pytest.mark.slow
def test_the_rates_are_unbiased():
    """E log q - log p over both levels, whichever of its terms are known in closed form."""
    found = inferred(3, 3, 4000)
    sampled = found.log_q - found.log_p
    error = sampled.std(axis=0) / np.sqrt(4000)
    assert np.all(np.abs(found.rates.sum(axis=1) - sampled.mean(axis=0)) < 4 * error)
    assert np.all(sampled.mean(axis=0) > 5 * error), "the rates are not zero"


@pytest.mark.slow
def test_the_densities_of_samples_are_those_of_the_levels_given_each_other():
    @jax.jit
    def by_hand():
        model = ladder()
        z = model.infer(BATCH.x, None, training_noise(3), 2).z
        upper, lower = z[..., :2], z[..., 2:]
        q_lower, q_upper = model._lower_of(BATCH.x, None), model.up(lower, model.upper, None)
        p_lower = model.down(upper, model.lower, None)
        log_p_upper = jnp.sum(jax.scipy.stats.norm.logpdf(upper), axis=-1)
        return q_lower.log_prob(lower) + q_upper.log_prob(upper), log_p_upper + p_lower.log_prob(lower)

    found = inferred(3, 3, 2)
    for ours, theirs in zip(by_hand(), (found.log_q, found.log_p), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.slow
def test_samples_of_an_image_differ_in_both_levels():
    z = inferred(3, 3, 2).z
    assert np.all(z[0] != z[1])


@pytest.mark.slow
def test_masked_units_change_nothing():
    alone, padded = inferred(2, 2, 2), inferred(4, jnp.int32(2), 2)
    np.testing.assert_allclose(alone.z, padded.z[..., :4], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(alone.rates, padded.rates[..., :4], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(alone.log_q, padded.log_q, rtol=1e-5)
    np.testing.assert_allclose(alone.log_p, padded.log_p, rtol=1e-5)
    assert not padded.z[..., 4:].any()
    assert not padded.rates[..., 4:].any()


@jax.jit
def uses():
    model = ladder()
    drawn = model.sample_prior(Noise(KEY, 4000), None)
    codes = model.codes(BATCH.x, None)
    lower = model._lower_of(BATCH.x, None).centre()
    other = codes.point.at[:, :2].add(1.0)
    p_lower = model.down(drawn[:, :2], model.lower, None)
    return (
        drawn,
        (drawn[:, 2:] - p_lower.mu) / p_lower.sigma,
        codes,
        jnp.concatenate([model.up(lower, model.upper, None).centre(), lower], axis=-1),
        model.decode(codes.point, None).mean() - model.decode(other, None).mean(),
    )


@pytest.mark.slow
def test_the_prior_is_a_standard_normal_and_the_lower_level_given_it():
    drawn, standardised, *_ = uses()
    for values in (drawn[:, :2], standardised):
        np.testing.assert_allclose(values.mean(0), 0, atol=0.08)
        np.testing.assert_allclose(values.std(0), 1, atol=0.05)


def test_codes_are_the_means_of_both_levels_and_images_depend_on_the_lower_level_only():
    _, _, codes, by_hand, difference = uses()
    np.testing.assert_allclose(codes.point, by_hand, rtol=1e-6)
    assert np.all(codes.scale > 0)
    assert not difference.any()


@pytest.mark.slow
def test_the_condition_reaches_every_level():
    @jax.jit
    @jax.jacfwd
    def slopes(told):
        model, told = ladder(condition=2), jnp.tile(told, (3, 1))
        found = model.infer(BATCH.x, told, training_noise(3), 2)
        drawn = model.sample_prior(training_noise(3), told)
        return found.z[..., :2], found.z[..., 2:], drawn[:, 2:], model.decode(found.z * 0, told).mean()

    assert all(np.any(slope != 0) for slope in slopes(jnp.array([1.0, 0.0])))


@pytest.mark.slow
def test_the_gradient_of_the_bound_reaches_every_weight():
    graph, *states = nnx.split(ladder(), nnx.Param, ...)
    params, others = map(nnx.to_pure_dict, states)

    @jax.jit
    @jax.grad
    def slopes(params):
        model = nnx.merge(graph, params, others)
        found = model.infer(BATCH.x, None, training_noise(3), 1)
        return jnp.sum(found.rates) - jnp.sum(model.decode(found.z, None).log_prob(BATCH.x))

    for path, slope in jax.tree_util.tree_leaves_with_path(slopes(params)):
        assert np.any(slope != 0), jax.tree_util.keystr(path)


def test_the_activation_between_the_levels_is_the_configs():
    model = Ladder(Ladder.Settings(), small_build(2, model={"name": "ladder", "activation": "tanh"}), KEY)
    assert model.up.activation is jnp.tanh
