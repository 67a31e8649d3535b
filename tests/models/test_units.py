"""Latent units: the places of a program, of which a member has the first few."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.models.units import Units


@given(st.integers(1, 6).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_a_member_has_the_first_places(size_and_count):
    size, count = size_and_count
    assert Units(size, count).mask.tolist() == [True] * count + [False] * (size - count)


def test_its_own_units_are_reversed_and_the_others_stay():
    values = jnp.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]])
    reverse = jax.jit(lambda count: Units(5, count).reversed(values))
    assert reverse(3).tolist() == [[3, 2, 1, 4, 5], [8, 7, 6, 9, 10]]
    assert reverse(5).tolist() == values[:, ::-1].tolist()
    assert reverse(1).tolist() == values.tolist()


@pytest.mark.parametrize("count", [1, 3, 5])
def test_to_reverse_twice_changes_nothing(count):
    values = jnp.arange(5)
    units = Units(5, count)
    np.testing.assert_array_equal(units.reversed(units.reversed(values)), values)


def test_one_program_serves_every_count():
    traced = []

    @jax.jit
    def mask(units):
        traced.append(units.size)
        return units.mask

    assert [int(mask(Units(4, jnp.int32(count))).sum()) for count in (1, 2, 4)] == [1, 2, 4]
    assert traced == [4]
