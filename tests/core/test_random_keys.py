"""Random keys by what they are for, and by latent unit."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.random_keys import named, unit_keys, unit_normal

KEY = jax.random.key(0)


def bits(key):
    return tuple(jax.random.key_data(key).tolist())


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_uses_share_a_key_exactly_where_they_have_the_same_name(one, other):
    """The names go through 32 bits: that two short ones meet there is not impossible, but it was never found."""
    assert (bits(named(KEY, one)) == bits(named(KEY, other))) == (one == other)


def test_other_members_have_other_keys_for_the_same_use():
    assert bits(named(KEY, "noise")) != bits(named(jax.random.key(1), "noise"))


def test_a_name_means_the_same_in_every_process():
    """Python's own hash of a text differs from one process to the next."""
    named_noise = "jax.random.key_data(keys.named(jax.random.key(0), 'noise'))"
    program = f"import jax; from vae_jax.core import random_keys as keys; print({named_noise}.tolist())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(list(bits(named(KEY, "noise"))))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_units_key_is_the_same_for_every_number_of_units(size):
    of_many = [bits(key) for key in unit_keys(KEY, 9)]
    assert [bits(key) for key in unit_keys(KEY, size)] == of_many[:size]
    assert len({bits(KEY), *of_many}) == 10


def test_the_noise_of_units_is_standard_normal_and_independent():
    drawn = np.asarray(unit_normal(KEY, 20_000, 3))
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(3), atol=0.03)
    np.testing.assert_array_equal(unit_normal(KEY, 20_000, 2), drawn[:, :2])
