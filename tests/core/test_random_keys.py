"""Random keys by use and by latent unit."""

import subprocess
import sys

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.random_keys import named, unit_keys

KEY = jax.random.key(0)


def bits(key):
    return tuple(jax.random.key_data(key).tolist())


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_uses_have_the_same_key_only_if_they_have_the_same_name(one, other):
    """Names are hashed to 32 bits: a collision of two short names is possible, but none is known."""
    assert (bits(named(KEY, one)) == bits(named(KEY, other))) == (one == other)


def test_members_have_different_keys_for_the_same_use():
    assert bits(named(KEY, "noise")) != bits(named(jax.random.key(1), "noise"))


def test_a_name_gives_the_same_key_in_every_process():
    """Python's own hash of a string differs between processes."""
    named_noise = "jax.random.key_data(keys.named(jax.random.key(0), 'noise'))"
    program = f"import jax; from vae_jax.core import random_keys as keys; print({named_noise}.tolist())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(list(bits(named(KEY, "noise"))))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_units_key_is_the_same_for_every_number_of_units(size):
    of_many = [bits(key) for key in unit_keys(KEY, 9)]
    assert [bits(key) for key in unit_keys(KEY, size)] == of_many[:size]
    assert len({bits(KEY), *of_many}) == 10
