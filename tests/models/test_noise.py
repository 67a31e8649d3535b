"""Random draws: what they depend on, and what they don't."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.models.noise import Noise
from vae_jax.models.units import Units

KEY = jax.random.key(0)


def drawn(noise, size=4):
    units = Units(size, size)
    return {
        "normal": noise.normal("a", units, (3,)),
        "normal_like": noise.normal_like("a", (2,), (3,)),
        "uniform": noise.uniform("a", (2,), (3,)),
        "positions": noise.normal("a", units, (3,), (5,)),
    }


@pytest.mark.parametrize("index", [None, jnp.arange(6)])
def test_shapes_are_lead_batch_positions_units(index):
    shapes = {name: draw.shape for name, draw in drawn(Noise(KEY, 6, index)).items()}
    assert shapes == {"normal": (3, 6, 4), "normal_like": (3, 6, 2), "uniform": (3, 6, 2), "positions": (3, 6, 5, 4)}


def test_in_evaluation_an_images_draws_are_its_own_whatever_the_batch():
    whole = drawn(Noise(KEY, 6, jnp.arange(6)))
    part = drawn(Noise(KEY, 2, jnp.array([5, 1])))
    for name, draw in part.items():
        np.testing.assert_array_equal(draw, whole[name][:, jnp.array([5, 1])], err_msg=name)


@pytest.mark.parametrize("index", [None, jnp.arange(6)])
def test_a_units_draws_are_the_same_for_every_number_of_units(index):
    few, many = (drawn(Noise(KEY, 6, index), size) for size in (2, 7))
    for name in ("normal", "positions"):
        np.testing.assert_array_equal(few[name], many[name][..., :2], err_msg=name)


def test_the_shares_of_a_batch_make_the_draws_of_the_whole():
    whole = drawn(Noise(KEY, 6))
    shares = [drawn(Noise(KEY, 2, whole=6, first=jnp.int32(first))) for first in (0, 2, 4)]
    for name, draw in whole.items():
        np.testing.assert_array_equal(np.concatenate([share[name] for share in shares], axis=1), draw, err_msg=name)


def test_two_uses_share_no_numbers():
    noise, units = Noise(KEY, 6), Units(2, 2)
    assert not np.intersect1d(noise.normal("a", units), noise.normal("b", units)).size


def test_a_permutation_orders_the_examples_of_each_unit():
    orders = Noise(KEY, 8).permutation("a", Units(5, 5))
    np.testing.assert_array_equal(jnp.sort(orders, axis=0), np.tile(np.arange(8)[:, None], 5))
    assert len({tuple(order) for order in orders.T.tolist()}) == 5
    np.testing.assert_array_equal(Noise(KEY, 8).permutation("a", Units(2, 2)), orders[:, :2])


def test_normal_and_uniform_have_their_moments():
    noise = Noise(KEY, 2000)
    normal, uniform = noise.normal("a", Units(10, 10)), noise.uniform("a", (10,))
    assert abs(float(normal.mean())) < 0.03
    assert float(normal.std()) == pytest.approx(1, abs=0.02)
    assert float(uniform.mean()) == pytest.approx(0.5, abs=0.01)
    assert 0 <= float(uniform.min()) <= float(uniform.max()) < 1
