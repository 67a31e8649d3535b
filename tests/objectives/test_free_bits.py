"""Free bits of the parts of a posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small_build, small_objective


def charged(rates, free_bits, size=2, count=None):
    build = small_build(size, count, objective={"free_bits": free_bits})
    means = {"distortion": jnp.float32(10), "rates": jnp.asarray(rates, jnp.float32)}
    return small_objective(build).loss(means, jnp.int32(0))


def test_a_negative_estimated_rate_is_unchanged_without_free_bits():
    loss, metrics = charged([-0.5], 0.0)
    assert (float(loss), float(metrics["kl"]), float(metrics["elbo"])) == (9.5, -0.5, -9.5)
    slope = jax.grad(lambda rate: charged(rate, 0.0)[0])(jnp.array([-0.5]))
    np.testing.assert_array_equal(slope, [1.0])


def test_a_part_below_its_free_bits_costs_its_free_bits():
    assert float(charged([0.1, 3.0], 1.0)[1]["kl"]) == 4.0
    assert float(charged([-0.5], 1.0)[1]["kl"]) == 1.0


@pytest.mark.parametrize(
    ("rates", "kl"),
    [([0.1, 3.0, 0.0, 0.0], 4.0), ([0.2, 0.1, 3.0, 0.0, 0.0], 5.0), ([0.1], 1.0)],
    ids=["by unit", "two levels", "of samples"],
)
def test_masked_units_have_no_free_bits(rates, kl):
    assert float(charged(rates, 1.0, size=4, count=jnp.int32(2))[1]["kl"]) == kl
