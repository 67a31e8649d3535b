"""The optimisers against Optax's, with clipping, a schedule and an average of the weights."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.parts import settings_of
from vae_jax.config.sweep_language import expand
from vae_jax.optimisers import optimiser_of
from vae_jax.schedules.rates import RATES
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import bound, hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

DATASET = small_dataset()
PARAMS = {"kernel": jnp.linspace(-1, 1, 6).reshape(3, 2), "bias": jnp.ones(2)}


def gradients(step):
    draw = np.random.default_rng(step)
    return jax.tree.map(lambda leaf: jnp.asarray(draw.normal(size=leaf.shape), jnp.float32), PARAMS)


def ours(name, schedule="constant", parts=(), **settings):
    config = small_config(optimiser={"name": name, **settings}, parts={"optimisers": dict(parts)})
    traced = {
        "schedule": jnp.int32(list(RATES).index(schedule)),
        "schedule_steps": jnp.int32(10),
        "rise_steps": jnp.int32(0),
    }
    return optimiser_of(dataclasses.replace(config, optimiser=dataclasses.replace(config.optimiser, **traced)))


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (ours("adam", learning_rate=0.01), optax.adam(0.01)),
        (ours("adamw", learning_rate=0.01), optax.adamw(0.01, weight_decay=1e-2)),
        (
            ours("adamw", learning_rate=0.01, parts={"adamw": {"b1": 0.8, "eps": 1e-3, "weight_decay": 0.3}}),
            optax.adamw(0.01, b1=0.8, eps=1e-3, weight_decay=0.3),
        ),
        (
            ours("adamax", learning_rate=0.01, parts={"adamax": {"b1": 0.8, "b2": 0.9, "eps": 1e-3}}),
            optax.adamax(0.01, 0.8, 0.9, 1e-3),
        ),
        (ours("sgd", learning_rate=0.01, parts={"sgd": {"momentum": 0.0}}), optax.sgd(0.01)),
        (
            ours("sgd", learning_rate=0.01, parts={"sgd": {"momentum": 0.7, "nesterov": True}}),
            optax.sgd(0.01, 0.7, nesterov=True),
        ),
        (ours("rmsprop", learning_rate=0.01), optax.rmsprop(0.01)),
        (
            ours("rmsprop", learning_rate=0.01, parts={"rmsprop": {"decay": 0.8, "momentum": 0.6, "centred": True}}),
            optax.rmsprop(0.01, 0.8, momentum=0.6, centered=True),
        ),
        (
            ours("adam", learning_rate=0.01, clip=0.5),
            optax.chain(optax.clip_by_global_norm(0.5), optax.adam(0.01)),
        ),
        (
            ours("adamw", "cosine", learning_rate=0.01, schedule_end=0.1),
            optax.adamw(optax.cosine_decay_schedule(0.01, 10, 0.1), weight_decay=1e-2),
        ),
    ],
    ids=["adam", "adamw", "settings", "adamax", "sgd", "nesterov", "rmsprop", "centred", "clip", "cosine"],
)
def test_the_updates_are_those_of_optax(mine, theirs):
    @jax.jit
    def step(params, states, grads):
        updates, state = mine.update(grads, states[0], params[0], sound=jnp.asarray(True))
        theirs_updates, their_state = theirs.update(grads, states[1], params[1])
        return (optax.apply_updates(params[0], updates), optax.apply_updates(params[1], theirs_updates)), (
            state,
            their_state,
        )

    params, states = (PARAMS, PARAMS), (mine.init(PARAMS), theirs.init(PARAMS))
    for k in range(12):
        params, states = step(params, states, gradients(k))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), *params)


@pytest.mark.parametrize(
    "lines",
    [("adamax.b1=0.5,0.8", "adamax.b2=0.9,0.99"), ("sgd.momentum=0.5,0.8",), ("rmsprop.decay=0.5,0.8",)],
    ids=["adamax", "sgd", "rmsprop"],
)
def test_their_numbers_may_differ_between_members_of_one_program(lines):
    name = lines[0].partition(".")[0]
    base = small_config(optimiser={"name": name}, parts={"optimisers": {"rmsprop": {"momentum": 0.5}}})
    configs = expand(dataclasses.replace(base, sweep=(f"zip({';'.join(lines)})", "learning_rate=0.1,0.2")))
    assert len({spec_of([config], DATASET) for config in configs}) == 1
    spec, numbers = spec_of(configs, DATASET), hyperparameters_of(configs, 5)

    @jax.jit
    def moved(of_member):
        mine = optimiser_of(bound(spec.settings, of_member))
        state = mine.init(PARAMS)
        for step in range(3):
            updates, state = mine.update(gradients(step), state, PARAMS, sound=jnp.asarray(True))
        return updates

    for k, config in enumerate(configs):
        ours, theirs = moved(jax.tree.map(lambda leaf, k=k: leaf[k], numbers)), settings_of(config, "optimiser")
        theirs = theirs.transformation(lambda _, rate=config.optimiser.learning_rate: rate)
        state = theirs.init(PARAMS)
        for step in range(3):
            expected, state = theirs.update(gradients(step), state, PARAMS, sound=jnp.asarray(True))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), ours, expected)


def test_a_skipped_step_does_not_advance_the_schedule():
    mine = ours("adamw", "linear", learning_rate=0.01)
    update = jax.jit(lambda grads, state, sound: mine.update(grads, state, PARAMS, sound=sound))
    state = mine.init(PARAMS)
    _, state = update(gradients(0), state, True)
    _, skipped = update(jax.tree.map(lambda leaf: leaf * jnp.nan, PARAMS), state, False)
    jax.tree.map(np.testing.assert_array_equal, skipped, state)


def test_the_average_of_the_weights_is_as_computed_by_hand_and_is_evaluated():
    config = small_config(optimiser={"ema": 0.5})
    spec, numbers = spec_of([config], DATASET), hyperparameters_of([config], 5)
    state, data = init_state(spec, Layout(), numbers), train_data(DATASET)
    average = jax.tree.map(np.asarray, state.params["model"])
    for step in range(12):
        decay = min(0.5, (1 + step) / (10 + step))
        state, _ = train_block(spec, Layout(), 1, data, numbers, state)
        newest = jax.tree.map(np.asarray, state.params["model"])
        average = jax.tree.map(lambda old, new, d=decay: d * old + (1 - d) * new, average, newest)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), state.average["model"], average)
    jax.tree.map(np.testing.assert_array_equal, state.weights.params, state.average["model"])
