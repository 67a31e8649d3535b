"""Values of fields: shown, typed and stored numbers agree."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import small_config

from vae_jax.config.values import alike, rounded, rounded_fields, shown

NUMBERS = st.floats(1e-300, 1e300) | st.floats(-1e300, -1e-300)


@given(NUMBERS)
def test_a_shown_value_is_found(value):
    assert alike(float(shown(value)), value)
    assert float(shown(value)) == rounded(value) == pytest.approx(value, rel=1e-11)


@given(NUMBERS)
def test_a_number_is_found_despite_rounding_errors(value):
    assert alike(math.nextafter(value, math.inf), value)
    assert rounded(rounded(value)) == rounded(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.999999999999998, "10"), (0.1 + 0.2, "0.3"), (1.0000001, "1.0000001"), (1e-4, "0.0001"), (0.0, "0"),
        (1234567, "1234567"), ((200, 100), "(200, 100)"), ("mse", "mse"), (True, "True"),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_short_as_possible(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("given_value", "held"),
    [
        (10, 10.0), (10.0, 9.999999999999998), (10, 9.999999999999998), (2.0, 2), (np.int64(2), 2), (True, True),
        (np.float32(0.1), 0.1), (jnp.float32(0.1), 0.1), (np.float64(0.1), 0.1), (np.float32(1 / 3), 0.333333333333),
        ([64, 32], (64, 32)), (np.array([64, 32]), (64, 32)), ("mse", "mse"), (np.str_("mse"), "mse"),
    ],
)  # fmt: skip
def test_a_value_is_found_in_any_type(given_value, held):
    assert alike(given_value, held)


@pytest.mark.parametrize(
    ("given_value", "held"),
    [
        (1.0000001, 1.0000002), (math.nan, 1.0), (64, (64,)), ((64,), (64, 32)), ("1", 1), (None, 1), ((1,), 1),
        (np.float32(0.1), 0.1001), ("mse", ("m", "s", "e")), (np.array([64]), 64), (np.float32(1), "1"),
    ],
)  # fmt: skip
def test_another_value_is_not_found(given_value, held):
    assert not alike(given_value, held)


def test_settings_are_rounded_in_every_section():
    exact = small_config(objective={"beta_kl": 10.0}, optimiser={"learning_rate": 0.3})
    assert (
        rounded_fields(small_config(objective={"beta_kl": 9.999999999999998}, optimiser={"learning_rate": 0.1 + 0.2}))
        == exact
    )
    assert rounded_fields(exact) == exact
