"""How the learning rate rises and falls."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import small_config

from vae_jax.config import OptimiserConfig
from vae_jax.errors import UserError
from vae_jax.schedules.rates import RATES, rate_at, with_lengths


def rates(schedule, steps, *, rate=2.0, length=100, end=0.1, rise=0):
    optimiser = OptimiserConfig(
        learning_rate=jnp.asarray(rate),
        schedule=jnp.asarray(list(RATES).index(schedule)),
        schedule_steps=jnp.asarray(length),
        schedule_end=jnp.asarray(end),
        rise_steps=jnp.asarray(rise),
    )
    return np.array([rate_at(jnp.asarray(step), optimiser) for step in steps])


def test_constant_stays():
    assert rates("constant", [0, 1, 100, 10_000]).tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("schedule", "theirs"),
    [
        ("linear", optax.linear_schedule(2.0, 0.2, 100)),
        ("cosine", optax.cosine_decay_schedule(2.0, 100, alpha=0.1)),
        ("exponential", optax.exponential_decay(2.0, 100, 0.1, end_value=0.2)),
    ],
)
def test_falls_are_those_of_optax_and_stay_at_their_end(schedule, theirs):
    steps = [0, 1, 30, 50, 99, 100, 101, 5000]
    np.testing.assert_allclose(rates(schedule, steps), [theirs(step) for step in steps], rtol=1e-5)


@pytest.mark.parametrize("schedule", sorted(RATES))
def test_before_the_fall_the_rate_rises_in_a_line_and_its_first_step_is_not_nothing(schedule):
    found = rates(schedule, [0, 4, 9], rise=10)
    np.testing.assert_allclose(found, [0.2, 1.0, 2.0], rtol=1e-6)
    np.testing.assert_allclose(rates(schedule, [10, 60, 110], rise=10), rates(schedule, [0, 50, 100]), rtol=1e-6)


@given(st.sampled_from(sorted(RATES)), st.integers(0, 10_000), st.integers(0, 300), st.integers(1, 500))
def test_no_rate_leaves_zero_to_the_height_and_after_the_fall_the_end_is_left(schedule, step, rise, length):
    (found,) = rates(schedule, [step], rise=rise, length=length)
    assert 0 < found <= 2 * (1 + 1e-6)
    if step >= rise + length and schedule != "constant":
        assert found == pytest.approx(0.2, rel=1e-5)


@pytest.mark.parametrize(("steps", "rise", "length"), [(0, 0, 1000), (0, 100, 900), (50, 100, 50), (0, 1000, 1)])
def test_a_fall_left_open_takes_what_is_left_of_the_run(steps, rise, length):
    config = small_config(optimiser={"schedule": "cosine", "schedule_steps": steps, "rise_steps": rise})
    assert with_lengths(config, 1000).optimiser.schedule_steps == length


def test_an_unknown_schedule_is_named_with_the_known_ones():
    with pytest.raises(UserError, match=r"config.optimiser.schedule: found 'cosin'.*did you mean 'cosine'"):
        RATES["cosin"]
