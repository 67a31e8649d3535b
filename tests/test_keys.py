"""Random keys by what they are for."""

import subprocess
import sys

import jax
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.keys import named

KEY = jax.random.key(0)
# Every use that the package has for a member's key, so that no two of them draw the same numbers.
USES = ("init", "shuffle", "batch", "noise", "evaluation", "samples")


def bits(key):
    return tuple(jax.random.key_data(key).tolist())


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_uses_share_a_key_exactly_where_they_have_the_same_name(one, other):
    """The names go through 32 bits: that two short ones meet there is not impossible, but it was never found."""
    assert (bits(named(KEY, one)) == bits(named(KEY, other))) == (one == other)


def test_no_use_in_the_package_shares_a_key_with_another_or_with_the_member():
    assert len({bits(KEY), *(bits(named(KEY, use)) for use in USES)}) == len(USES) + 1


def test_other_members_have_other_keys_for_the_same_use():
    assert bits(named(KEY, "noise")) != bits(named(jax.random.key(1), "noise"))


def test_a_name_means_the_same_in_every_process():
    """Python's own hash of a text differs from one process to the next."""
    program = "import jax, vae_jax.keys as k; print(jax.random.key_data(k.named(jax.random.key(0), 'noise')).tolist())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(list(bits(named(KEY, "noise"))))
