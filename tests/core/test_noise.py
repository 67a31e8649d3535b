"""Noise by use and unit: the same for every number of units and every batch size of evaluation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units

KEY = jax.random.key(3)
DRAWS = {
    "normal": lambda noise: noise.normal("a", Units(3, 3), (2,), (4,)),
    "normal_like": lambda noise: noise.normal_like("a", (4, 3), (2,)),
    "uniform": lambda noise: noise.uniform("a", (4, 3), (2,)),
}
each_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@each_draw
def test_axes_are_samples_then_batch(draw):
    assert draw(Noise(KEY, 5)).shape == (2, 5, 4, 3)
    assert draw(Noise(KEY, 5, jnp.arange(5))).shape == (2, 5, 4, 3)


@pytest.mark.slow
@each_draw
def test_the_draws_of_an_image_do_not_depend_on_the_other_images(draw):
    all_at_once = draw(Noise(KEY, 6, jnp.arange(6)))
    some = draw(Noise(KEY, 2, jnp.array([4, 1])))
    np.testing.assert_array_equal(some, all_at_once[:, jnp.array([4, 1])])
    assert len(np.unique(all_at_once)) == all_at_once.size


@each_draw
def test_the_shares_of_devices_make_the_whole_batch(draw):
    shares = [draw(Noise(KEY, 2, first=first)) for first in (0, 2, 4)]
    np.testing.assert_array_equal(np.concatenate(shares, axis=1), draw(Noise(KEY, 6)))


def test_a_units_draws_are_the_same_for_every_number_of_units():
    many = Noise(KEY, 5).normal("a", Units(7, 7), (2,))
    np.testing.assert_array_equal(Noise(KEY, 5).normal("a", Units(3, 3), (2,)), many[..., :3])
    with_positions = Noise(KEY, 5).normal("a", Units(7, 7), (2,), (4,))
    np.testing.assert_array_equal(Noise(KEY, 5).normal("a", Units(3, 3), (2,), (4,)), with_positions[..., :3])
    orders = Noise(KEY, 5).permutation("a", Units(7, 7))
    np.testing.assert_array_equal(Noise(KEY, 5).permutation("a", Units(3, 3)), orders[:, :3])


def test_samples_of_an_example_are_the_first_of_any_larger_number():
    few, many = (Noise(KEY, 5).normal("a", Units(3, 3), (k,)) for k in (2, 6))
    np.testing.assert_array_equal(few, many[:2])
    assert len(np.unique(many)) == many.size


@each_draw
def test_different_keys_draw_different_numbers(draw):
    assert (draw(Noise(KEY, 5)) != draw(Noise(jax.random.key(4), 5))).all()


def test_different_uses_draw_different_numbers():
    noise = Noise(KEY, 5)
    assert (noise.uniform("a") != noise.uniform("b")).all()
    assert (noise.normal("a", Units(2, 2)) != noise.normal("b", Units(2, 2))).all()


@pytest.mark.parametrize("index", [None, jnp.arange(4000)], ids=["training", "evaluation"])
def test_draws_have_their_distribution(index):
    noise = Noise(KEY, 4000, index)
    normal = np.asarray(noise.normal("a", Units(2, 2), (3,))).reshape(-1, 2)
    np.testing.assert_allclose(np.cov(normal.T), np.eye(2), atol=0.05)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.04)
    uniform = np.sort(np.asarray(noise.uniform("b", (3,))).ravel())
    np.testing.assert_allclose(uniform, np.linspace(0, 1, uniform.size), atol=0.02)


def test_each_unit_has_its_own_permutation():
    orders = np.asarray(Noise(KEY, 50).permutation("a", Units(3, 3)))
    np.testing.assert_array_equal(np.sort(orders, axis=0), np.tile(np.arange(50)[:, None], 3))
    assert len({tuple(order) for order in orders.T}) == 3
