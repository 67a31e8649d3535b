"""Latent units: which ones a member uses, and their order."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.units import Units

SIZE = 5
COUNTS = st.integers(1, SIZE)


@given(COUNTS)
def test_the_mask_has_the_first_units(count):
    assert Units(SIZE, count).mask.tolist() == [True] * count + [False] * (SIZE - count)


@given(COUNTS)
def test_only_the_used_units_are_reversed(count):
    values = np.arange(SIZE)[None]
    back = Units(SIZE, jnp.int32(count)).reversed(jnp.asarray(values))
    assert back[0].tolist() == [*reversed(range(count)), *range(count, SIZE)]
    np.testing.assert_array_equal(Units(SIZE, count).reversed(back), values)


def test_a_units_key_is_the_same_for_every_number_of_units():
    few, many = (jax.random.key_data(Units(size, size).keys(jax.random.key(3))) for size in (2, 7))
    np.testing.assert_array_equal(few, many[:2])
    assert len({tuple(key.tolist()) for key in many}) == 7
