"""The KL at a rising capacity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small_build, small_objective

MEANS = {"distortion": jnp.float32(10), "rates": jnp.array([1.0, 2.0, 0.0])}
SETTINGS = {"gamma": 5.0, "target": 8.0, "steps": 100}


def capacity(beta_kl=1.0, **objective):
    parts = {"objectives": {"capacity": SETTINGS}}
    return small_objective(small_build(objective={"name": "capacity", "beta_kl": beta_kl, **objective}, parts=parts))


@pytest.mark.parametrize(("step", "target"), [(0, 0), (25, 2), (50, 4), (100, 8), (900, 8)])
def test_the_capacity_rises_in_a_line_to_its_target_and_the_distance_of_the_kl_is_charged(step, target):
    loss, metrics = capacity().loss(MEANS, jnp.int32(step))
    assert float(metrics["capacity"]) == pytest.approx(target)
    assert float(loss) == float(metrics["loss"]) == pytest.approx(10 + 5 * abs(3 - target))
    assert (float(metrics["kl"]), float(metrics["rate"]), float(metrics["elbo"])) == (3, 3, -13)


@pytest.mark.parametrize(("step", "sign"), [(0, 1), (100, -1)])
def test_the_kl_is_drawn_to_the_capacity_from_both_sides(step, sign):
    slope = jax.grad(lambda rates: capacity(0.5).loss(MEANS | {"rates": rates}, jnp.int32(step))[0])(MEANS["rates"])
    np.testing.assert_allclose(slope, [sign * 2.5] * 3)


def test_in_the_posts_normalisation_the_distance_is_summed_over_the_batch_as_kl_is():
    loss, metrics = capacity(1e-2, reduction="blog").loss(MEANS, jnp.int32(50))
    assert float(loss - metrics["recon"]) == pytest.approx(1e-2 * 5 * 6 * 1)  # six images, one nat each
    with_penalty, _ = capacity(1e-2, reduction="blog").loss(MEANS | {"penalty": jnp.float32(1.6)}, jnp.int32(50))
    assert float(with_penalty - loss) == pytest.approx(0.1)  # a mean over 16 pixels
