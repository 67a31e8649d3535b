"""A skipped step leaves the state of any transformation unchanged."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vae_jax.optimisers.skipping import skippable

PARAMS = {"kernel": jnp.ones((3, 2)), "bias": jnp.zeros(2)}


def gradients(step):
    draw = np.random.default_rng(step)
    return jax.tree.map(lambda leaf: jnp.asarray(draw.normal(size=leaf.shape), jnp.float32), PARAMS)


@pytest.mark.parametrize(
    "theirs",
    [optax.sgd(0.1, momentum=0.9), optax.adamw(optax.linear_schedule(0.1, 0.01, 5)), optax.rmsprop(0.1)],
    ids=["momentum", "a schedule", "rmsprop"],
)
def test_it_is_the_transformation_on_the_steps_that_are_not_skipped(theirs):
    ours = skippable(theirs)
    state, expected = ours.init(PARAMS), theirs.init(PARAMS)
    for step in range(6):
        sound = step not in (0, 3)
        grads = gradients(step) if sound else jax.tree.map(lambda leaf: leaf + jnp.nan, PARAMS)
        moved, state = ours.update(grads, state, PARAMS, sound=jnp.asarray(sound))
        if sound:
            wanted, expected = theirs.update(grads, expected, PARAMS)
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), moved, wanted)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), state, expected)
