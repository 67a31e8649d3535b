"""Ways through the latent space."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_jax.errors import UserError
from vae_jax.latent.paths import PATHS, linear

COORDINATE = st.floats(-100, 100, width=32)
ENDS = st.integers(1, 5).flatmap(lambda latent: arrays(np.float32, (2, latent), elements=COORDINATE))
STEPS = st.integers(2, 30)


@given(ENDS, STEPS)
def test_a_line_begins_and_ends_exactly_at_its_ends(ends, steps):
    points = linear(*ends, steps)
    assert points.shape == (steps, ends.shape[1])
    np.testing.assert_array_equal(points[[0, -1]], ends)


@given(ENDS, STEPS)
def test_a_line_goes_in_equal_steps(ends, steps):
    step = (ends[1] - ends[0]) / (steps - 1)
    np.testing.assert_allclose(np.diff(linear(*ends, steps), axis=0), np.tile(step, (steps - 1, 1)), atol=1e-4)


@given(ENDS, STEPS)
def test_the_way_back_is_the_way_turned_round(ends, steps):
    np.testing.assert_allclose(linear(ends[1], ends[0], steps), linear(*ends, steps)[::-1], atol=1e-4)


def test_the_middle_of_a_line_is_the_mean_of_its_ends():
    points = PATHS["linear"](np.array([0, 4], np.float32), np.array([2, -4], np.float32), 3)
    np.testing.assert_array_equal(points[1], [1, 0])


def test_an_unknown_way_is_named_with_the_known_ones():
    with pytest.raises(UserError, match=r"path: found 'linaer'; known are .*did you mean 'linear'"):
        PATHS["linaer"]
