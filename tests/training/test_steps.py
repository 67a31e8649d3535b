"""Training: what a step does, and that a member of a sweep is the model it would have been alone."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from small_runs import small_config, small_dataset, small_program

from vae_jax.keys import named
from vae_jax.models.vae import VAE
from vae_jax.sweep import expand
from vae_jax.training.program import members_of
from vae_jax.training.steps import (
    TrainData,
    batch_terms,
    graph_of,
    init_state,
    member_key,
    train_block,
)

DATASET = small_dataset()
DATA = TrainData(jnp.asarray(DATASET.train.images), jnp.asarray(DATASET.draws))


def trained(config, steps=20, blocks=1):
    program = small_program(**{name: vars(getattr(config, name)) for name in ("data", "model", "objective", "train")})
    members = members_of(expand(config), steps_per_epoch=5)
    state = init_state(program, members)
    for _ in range(blocks):
        state, metrics = train_block(program, steps // blocks, DATA, members, state)
    return state, metrics


def member(tree, k):
    return jax.tree.map(lambda leaf: np.asarray(leaf[k]), tree)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def test_every_array_of_the_state_has_a_members_axis():
    state, metrics = trained(small_config(sweep=("seed=0,1,2",)))
    assert {leaf.shape[0] for leaf in jax.tree.leaves((state, metrics))} == {3}
    assert state.step.tolist() == [20, 20, 20]


@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_a_member_is_bit_for_bit_the_run_alone(sampling):
    data = {"sampling": sampling}
    grid = small_config(sweep=("beta_kl=0.5,4", "learning_rate=0.001,0.01", "seed=1,2"), data=data)
    together, _ = trained(grid)
    for k, alone in enumerate(expand(grid)):
        assert same(member(together, k), member(trained(alone)[0], 0)), k


def test_blocks_of_steps_make_the_same_run():
    assert same(trained(small_config(), blocks=1)[0], trained(small_config(), blocks=4)[0])


def test_other_seeds_are_other_models_from_the_first_step():
    state, _ = trained(small_config(sweep=("seed=0,1",)), steps=1)
    assert not same(member(state.params, 0), member(state.params, 1))


def test_a_step_is_adam_on_the_gradient_of_the_loss():
    """One step against Optax's own Adam on a loss written out here."""
    config = small_config(data={"sampling": "replacement"}, objective={"beta_kl": 0.7})
    program = small_program(data={"sampling": "replacement"}, objective={"beta_kl": 0.7})
    state, metrics = trained(config, steps=1)
    key = member_key(jnp.uint32(0))
    params = nnx.state(VAE(program.model, program.image_shape, named(key, "init")), nnx.Param)
    at = jax.random.randint(jax.random.fold_in(named(key, "batch"), 0), (program.batch_size,), 0, program.draws)
    x = jnp.asarray(DATASET.train.images)[at] / 255
    noise = jax.random.fold_in(named(key, "noise"), 0)
    eps = jax.random.normal(noise, (program.batch_size, program.model.latent_dim))

    def loss(params):
        terms = batch_terms(nnx.merge(graph_of(program), params), program, x, eps)
        return jnp.mean(terms.fit + 0.7 * terms.rate)

    value, grads = jax.value_and_grad(loss)(params)
    adam = optax.adam(config.train.learning_rate)
    updates, _ = adam.update(grads, adam.init(params))
    expected = jax.tree.leaves(optax.apply_updates(params, updates))
    for ours, theirs in zip(jax.tree.leaves(member(state.params, 0)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(metrics.loss[0], value, rtol=1e-5)


def test_training_lowers_the_loss():
    config = small_config(train={"learning_rate": 0.01})
    _, first = trained(config, steps=5)
    _, later = trained(config, steps=200, blocks=40)
    assert later.loss[0] < 0.95 * first.loss[0]


def test_the_learned_scale_finds_the_scale_of_the_noise():
    """The data are two constants plus uniform noise of 80 grey levels: sigma = 80 / 255 / sqrt(12) if all fits."""
    config = small_config(model={"likelihood": "gaussian_learned"}, train={"learning_rate": 0.02})
    state, _ = trained(config, steps=600, blocks=120)
    assert float(jnp.exp(state.params["log_sigma"][...][0])) == pytest.approx(80 / 255 / 12**0.5, rel=0.1)
