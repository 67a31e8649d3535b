"""The learning rate: its rise, decay and end."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config

from vae_jax.schedules.rates import RATES, rate_at, with_lengths


def rates(schedule, steps, *, rise=0, length=100, end=0.1):
    optimiser = dataclasses.replace(
        small_config().optimiser,
        learning_rate=jnp.float32(2.0),
        schedule=jnp.int32(list(RATES).index(schedule)),
        schedule_steps=jnp.int32(length),
        schedule_end=jnp.float32(end),
        rise_steps=jnp.int32(rise),
    )
    return jax.vmap(lambda step: rate_at(step, optimiser))(jnp.asarray(steps))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [2, 2, 2, 2]),
        ("linear", [2, 1.1, 0.2, 0.2]),
        ("cosine", [2, 1.1, 0.2, 0.2]),
        ("exponential", [2, 2 * 0.1**0.5, 0.2, 0.2]),
        ("staircase", [2, 0.2, 0.2, 0.2]),
    ],
)
def test_each_schedule_falls_to_its_final_rate_and_stays(schedule, expected):
    np.testing.assert_allclose(rates(schedule, [0, 50, 100, 900]), expected, rtol=1e-5)


def test_cosine_has_slope_zero_at_both_ends():
    start, end = np.diff(rates("cosine", [0, 1])), np.diff(rates("cosine", [99, 100]))
    assert abs(start[0]) < 1e-3 > abs(end[0])


def test_the_rise_is_linear_from_the_first_step_and_the_decay_begins_after_it():
    found = rates("linear", [0, 1, 4, 9, 10, 60, 110], rise=10)
    np.testing.assert_allclose(found, [0.2, 0.4, 1.0, 2.0, 2.0, 1.1, 0.2], rtol=1e-5)


@pytest.mark.parametrize(("given", "rise", "steps"), [(0, 0, 100), (0, 30, 70), (25, 30, 25), (0, 200, 1)])
def test_length_zero_means_the_rest_of_the_run(given, rise, steps):
    config = small_config(optimiser={"schedule_steps": given, "rise_steps": rise})
    assert with_lengths(config, 100).optimiser.schedule_steps == steps


@pytest.mark.parametrize("steps_per_pass", [1, 2500, 3000])
def test_the_staircase_has_burdas_stages_in_3280_passes_to_the_step(steps_per_pass):
    """Burda et al. 2016, section 5: 3^i passes at 0.001 * 10^(-i/7)."""
    starts = np.cumsum([0, *(3**i * steps_per_pass for i in range(8))])
    assert starts[-1] == 3280 * steps_per_pass
    first, last = starts[:-1], starts[1:] - 1
    for steps in (first, last):
        found = rates("staircase", steps, length=starts[-1], end=0.01)
        np.testing.assert_allclose(found, [2 * 10 ** (-i / 7) for i in range(8)], rtol=1e-6)


def test_the_staircase_has_eight_stages_in_a_run_of_any_length():
    found = rates("staircase", np.arange(5000), length=5000)
    assert len(np.unique(found)) == 8
    assert (np.diff(found) <= 0).all()
