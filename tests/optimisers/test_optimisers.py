"""From settings to updates: Adam with its numbers, a schedule, clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from made_models import numbers_of
from small_runs import small_spec

from vae_jax.optimisers import optimiser_of
from vae_jax.training.hyperparameters import bound

PARAMS = {"kernel": jnp.ones((3, 2)), "bias": jnp.zeros(2)}


def gradients(step):
    draw = np.random.default_rng(step)
    return jax.tree.map(lambda leaf: jnp.asarray(draw.normal(size=leaf.shape), jnp.float32), PARAMS)


def settings(numbers=(), **sections):
    spec = small_spec(**sections)
    return bound(spec.settings, numbers_of(spec, **dict(numbers)))


@pytest.mark.parametrize(
    ("config", "theirs"),
    [
        (settings({"optimiser__learning_rate": 0.1}), optax.adam(0.1)),
        (
            settings({"optimisers__adam__b1": 0.5, "optimisers__adam__b2": 0.7, "optimisers__adam__eps": 0.01}),
            optax.adam(1e-3, 0.5, 0.7, 0.01),
        ),
        (
            settings({"optimiser__clip": 0.5}, optimiser={"clip": 1.0}),
            optax.chain(optax.clip_by_global_norm(0.5), optax.adam(1e-3)),
        ),
        (
            settings(
                {"optimiser__schedule": 1, "optimiser__schedule_steps": 4, "optimiser__schedule_end": 0.1},
            ),
            optax.adam(optax.linear_schedule(1e-3, 1e-4, 4)),
        ),
    ],
    ids=["a rate", "moments", "clipping", "a schedule"],
)
def test_it_is_optax_with_the_members_numbers(config, theirs):
    ours = optimiser_of(config)
    state, expected = ours.init(PARAMS), theirs.init(PARAMS)
    for step in range(6):
        moved, state = ours.update(gradients(step), state, PARAMS, sound=jnp.asarray(True))
        wanted, expected = theirs.update(gradients(step), expected, PARAMS)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-9), moved, wanted)


def test_a_step_that_is_left_out_leaves_the_whole_state():
    ours = optimiser_of(settings({"optimiser__schedule": 1}, optimiser={"clip": 1.0}))
    _, state = ours.update(gradients(0), ours.init(PARAMS), PARAMS, sound=jnp.asarray(True))
    wrong = jax.tree.map(lambda leaf: leaf + jnp.nan, PARAMS)
    _, after = ours.update(wrong, state, PARAMS, sound=jnp.asarray(False))
    jax.tree.map(np.testing.assert_array_equal, after, state)
