"""Which images are in a batch: each once per pass, a function of the key and the step."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from slow_cases import slow_after
from small_runs import small_spec

from vae_jax.training.batches import block_batches, passes_touched


def positions(spec, first, steps, seed=0):
    return np.asarray(block_batches(spec, steps, jax.random.key(seed), jnp.asarray(first)))


def spec(draws=23, batch_size=5, sampling="shuffle"):
    made = small_spec(train={"batch_size": batch_size}, data={"sampling": sampling})
    return dataclasses.replace(made, images_per_pass=draws)


SPEC = spec()


def test_a_pass_draws_no_position_twice():
    one_pass = positions(SPEC, 0, SPEC.steps_per_pass)
    assert len(set(one_pass.ravel())) == one_pass.size == 20


def test_every_pass_has_an_order_of_its_own():
    two = positions(SPEC, 0, 2 * SPEC.steps_per_pass)
    assert (two[:4] != two[4:]).any()


@pytest.mark.parametrize("steps", slow_after(2, [3, 8, 1, 2, 4, 6, 12]))
@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_batches_do_not_depend_on_the_blocks_they_are_made_in(steps, sampling):
    found = spec(sampling=sampling)
    whole = positions(found, 0, 24)
    parts = np.concatenate([positions(found, first, steps) for first in range(0, 24, steps)])
    np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize("steps", range(1, 30))
@pytest.mark.parametrize("per_pass", [1, 4, 5])
def test_enough_passes_are_shuffled_for_any_block(steps, per_pass):
    several = spec(draws=5 * per_pass + 3)
    firsts = range(0, 10 * steps, steps)
    touched = [(first + steps - 1) // per_pass - first // per_pass + 1 for first in firsts]
    assert passes_touched(several, steps) == max(touched)


def test_with_replacement_every_position_is_drawn_about_equally_often():
    counts = np.bincount(positions(spec(sampling="replacement", batch_size=20), 0, 1150).ravel(), minlength=23)
    assert counts.min() > 850
    assert counts.max() < 1150


def test_members_with_different_seeds_draw_different_batches():
    assert (positions(SPEC, 0, 4, seed=0) != positions(SPEC, 0, 4, seed=1)).any()
