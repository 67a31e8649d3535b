"""Adam and Adamax are unchanged by skipped steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vae_jax.optimisers.moments import scale_by_adam, scale_by_adamax

PARAMS = {"kernel": jnp.zeros((3, 2)), "bias": jnp.zeros(2)}
RATES = (0.9, 0.99, 1e-8)


def gradients(step):
    draw = np.random.default_rng(step)
    return jax.tree.map(lambda leaf: jnp.asarray(draw.normal(size=leaf.shape), jnp.float32), PARAMS)


def agree(found, expected):
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("mine", "theirs"), [(scale_by_adam, optax.scale_by_adam), (scale_by_adamax, optax.scale_by_adamax)]
)
@pytest.mark.parametrize("left_out", [(), (3,), (0, 1, 5)])
def test_it_is_that_of_optax_on_the_steps_that_are_not_skipped(mine, theirs, left_out):
    ours, theirs = mine(*RATES), theirs(*RATES)
    state, expected = ours.init(PARAMS), theirs.init(PARAMS)
    for step in range(7):
        sound = step not in left_out
        grads = gradients(step) if sound else jax.tree.map(lambda leaf: leaf + jnp.nan, PARAMS)
        before = state
        direction, state = ours.update(grads, state, sound=jnp.asarray(sound))
        if sound:
            wanted, expected = theirs.update(gradients(step), expected)
            agree(direction, wanted)
        else:
            jax.tree.map(np.testing.assert_array_equal, state, before)
        agree(state, expected)
    assert int(state.count) == 7 - len(left_out)
