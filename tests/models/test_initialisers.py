"""Starting weights."""

import math

import jax
import jax.numpy as jnp
import pytest

from vae_jax.models.initialisers import INITIALISERS


def test_the_posts_weights_and_biases_are_uniform_up_to_one_over_root_of_fan_in_plus_one():
    for draw, shape in zip(INITIALISERS["blog"], ((3, 1000), (3000,)), strict=True):
        drawn = draw(jax.random.key(0), shape, 3)
        assert 0.495 < float(jnp.abs(drawn).max()) <= 0.5
        assert float(drawn.std()) == pytest.approx(0.5 / math.sqrt(3), rel=0.05)


def test_lecun_weights_have_variance_one_over_fan_in_and_no_bias():
    kernel, bias = INITIALISERS["lecun"]
    assert float(kernel(jax.random.key(0), (100, 500), 100).std()) == pytest.approx(0.1, rel=0.05)
    assert not bias(jax.random.key(0), (5,), 100).any()
