"""FactorVAE: a model and a critic, neither of which learns from the other's loss."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from small_models import KEY, small_batch, small_build, small_model, small_objective, training_noise
from small_runs import small_config, small_dataset

from vae_jax.core.units import Units
from vae_jax.objectives.factor import Critic
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

SECTIONS = {"objective": {"name": "factor"}, "parts": {"objectives": {"factor": {"hidden": (6, 5), "strength": 3.0}}}}


def parted(module):
    graph, *states = nnx.split(module, nnx.Param, ...)
    return graph, *map(nnx.to_pure_dict, states)


@jax.jit
def slopes():
    """The gradients of the model's loss and of the critic's, by the weights of both."""
    model, objective = small_model(**SECTIONS), small_objective(small_build(**SECTIONS))
    graph, params, others = parted(model)
    own_graph, own_params, own_others = parted(objective.own(KEY, model))

    def parts(params, own):
        model, critic = nnx.merge(graph, params, others), nnx.merge(own_graph, own, own_others)
        terms = objective.terms(model, critic, small_batch(), training_noise(6), jnp.int32(0))
        loss, metrics = objective.loss({name: jnp.mean(term, 0) for name, term in terms.items()}, jnp.int32(0))
        return {"whole": loss, **metrics}

    values = parts(params, own_params)
    grads = {
        name: jax.grad(lambda p, o: parts(p, o)[name], (0, 1))(params, own_params)  # noqa: B023
        for name in ("total_correlation", "critic")
    }
    return values, grads


def largest(tree):
    return max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(tree))


@pytest.mark.slow
def test_the_critics_loss_updates_only_the_critic_and_the_total_correlation_only_the_model():
    _, grads = slopes()
    of_model, of_critic = grads["critic"]
    assert largest(of_model) == 0 < largest(of_critic)
    of_model, of_critic = grads["total_correlation"]
    assert largest(of_critic) == 0 < largest(of_model)


@pytest.mark.slow
def test_the_reported_loss_is_the_models():
    values, _ = slopes()
    expected = values["recon"] + values["kl"] + 3 * values["total_correlation"]
    np.testing.assert_allclose(values["loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(values["whole"], values["loss"] + values["critic"], rtol=1e-5)


def test_in_the_posts_reduction_the_total_correlation_is_averaged_over_pixels_as_recon_is():
    objective = small_objective(small_build(objective={"name": "factor", "reduction": "blog"}))
    means = {name: jnp.float32(2) for name in ("distortion", "total_correlation", "critic")} | {"rates": jnp.zeros(3)}
    metrics = objective.loss(means, jnp.int32(0))[1]
    np.testing.assert_allclose(metrics["loss"], (2 + 10 * 2) / 16, rtol=1e-6)


def test_masked_units_do_not_change_the_critic():
    critic = Critic((6,), Units(3, 3), KEY)
    assert critic(jnp.ones((2, 3))).shape == (2,)
    padded = Critic((6,), Units(5, jnp.int32(3)), KEY)
    z = jax.random.normal(KEY, (4, 3))
    np.testing.assert_allclose(critic(z), padded(jnp.pad(z, ((0, 0), (0, 2)))), rtol=1e-5, atol=1e-6)


def test_the_critic_has_its_own_adam():
    sections = {"parts": {"objectives": {"factor": {"learning_rate": 0.01}}}}
    ours = small_objective(small_build(objective={"name": "factor"}, **sections)).optimiser()
    theirs = optax.adam(0.01, b1=0.5, b2=0.9)
    params = jnp.ones(3)
    pairs = [each.update(jnp.arange(3.0), each.init(params))[0] for each in (ours, theirs)]
    np.testing.assert_array_equal(*pairs)


@pytest.mark.slow
def test_in_training_the_critic_moves_at_its_rate_and_the_model_at_its_own():
    """Adam's first step is about the learning rate for every weight with a gradient."""
    config = small_config(optimiser={"learning_rate": 1e-3}, **SECTIONS)
    spec, numbers = spec_of([config], small_dataset()), hyperparameters_of([config], 5)
    state = init_state(spec, Layout(), numbers)
    before = jax.tree.map(np.asarray, state.params)
    state, _ = train_block(spec, Layout(), 1, train_data(small_dataset()), numbers, state)
    moved = jax.tree.map(lambda new, old: np.abs(new - old).max(), state.params, before)
    assert max(jax.tree.leaves(moved["model"])) < 1.01e-3
    assert max(jax.tree.leaves(moved["model"])) > 0.99e-3
    assert 0.99e-4 < max(jax.tree.leaves(moved["own"])) < 1.02e-4
