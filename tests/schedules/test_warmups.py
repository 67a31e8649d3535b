"""Warm-ups of beta_kl: their starts, ends and values between."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import small_config

from vae_jax.config.schema import ObjectiveConfig
from vae_jax.core.errors import UserError
from vae_jax.schedules.warmups import SCHEDULES, beta_kl_at, with_lengths


def heights(warmup, steps, *, beta_kl=2.0, delay=0, length=100, cycles=4):
    objective = ObjectiveConfig(
        beta_kl=jnp.asarray(beta_kl),
        warmup=jnp.asarray(list(SCHEDULES).index(warmup)),
        warmup_delay=jnp.asarray(delay),
        warmup_steps=jnp.asarray(length),
        warmup_cycles=jnp.asarray(cycles),
    )
    return np.array([beta_kl_at(jnp.asarray(step), objective) for step in steps])


def test_constant_has_the_full_weight_from_the_first_step():
    assert heights("constant", [0, 1, 1000]).tolist() == [2, 2, 2]


def test_linear_rises_in_a_line_and_stays():
    np.testing.assert_allclose(heights("linear", [0, 25, 50, 100, 500]), [0, 0.5, 1, 2, 2])


def test_delayed_waits_then_rises_in_a_line():
    np.testing.assert_allclose(heights("delayed", [0, 49, 50, 75, 100, 200], delay=50, length=50), [0, 0, 0, 1, 2, 2])


@pytest.mark.parametrize("warmup", ["sigmoid", "cosine"])
def test_smooth_rises_start_at_zero_pass_the_middle_at_half_and_end_at_the_height(warmup):
    np.testing.assert_allclose(heights(warmup, [0, 50, 100, 150]), [0, 1, 2, 2], atol=1e-6)


def test_sigmoid_is_steeper_in_the_middle_than_cosine():
    assert np.ptp(heights("sigmoid", [45, 55])) > np.ptp(heights("cosine", [45, 55]))


def test_cyclical_rises_in_each_cycle_and_ends_at_the_height():
    cycle = heights("cyclical", [0, 5, 10, 15, 20, 25, 40, 79, 80], length=80, cycles=4)
    np.testing.assert_allclose(cycle, [0, 1, 2, 2, 0, 1, 0, 2, 2])


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(0, 10_000), st.integers(0, 500), st.integers(1, 500))
def test_every_schedule_stays_between_zero_and_the_full_weight(warmup, step, delay, length):
    (height,) = heights(warmup, [step], delay=delay, length=length)
    assert -1e-6 <= height <= 2 + 1e-6
    if step >= delay + length:
        assert height == pytest.approx(2)


def test_an_unknown_schedule_is_named_with_the_known_ones():
    with pytest.raises(UserError, match=r"config.objective.warmup: found 'linaer'.*did you mean 'linear'"):
        SCHEDULES["linaer"]


@pytest.mark.parametrize(
    ("asked", "delay_and_length"),
    [
        (("linear", 0, 0, 1000), (0, 500)),
        (("linear", 30, 20, 1000), (20, 30)),
        (("delayed", 0, 0, 1000), (500, 500)),
        (("delayed", 100, 0, 1000), (500, 100)),
        (("delayed", 0, 200, 1000), (200, 800)),
        (("cyclical", 0, 0, 1000), (0, 1000)),
        (("cyclical", 0, 100, 1000), (100, 900)),
        (("linear", 0, 0, 1), (0, 1)),
    ],
)
def test_lengths_of_zero_depend_on_the_length_of_the_run(asked, delay_and_length):
    warmup, steps, delay, total = asked
    config = small_config(objective={"warmup": warmup, "warmup_steps": steps, "warmup_delay": delay})
    objective = with_lengths(config, total).objective
    assert (objective.warmup_delay, objective.warmup_steps) == delay_and_length
