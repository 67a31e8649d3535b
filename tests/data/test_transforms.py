"""Binarisation: grey values are probabilities, and evaluation always has the same draw."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.core.noise import Noise
from vae_jax.data.transforms import TRANSFORMS, drawn
from vae_jax.evaluation.metrics import split_metrics
from vae_jax.training.examples import split_arrays
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state

GREY = jnp.broadcast_to(jnp.linspace(0, 1, 5)[:, None, None], (4000, 5, 1, 1))


def test_a_pixel_is_1_with_its_grey_value_as_probability():
    x = drawn(GREY, Noise(jax.random.key(0), 4000))
    assert set(np.unique(x)) == {0.0, 1.0}
    np.testing.assert_allclose(x.mean(0)[:, 0, 0], np.linspace(0, 1, 5), atol=0.03)
    assert float(x[:, 0].max()) == 0
    assert float(x[:, -1].min()) == 1


def test_steps_draw_anew_and_an_evaluated_image_always_has_the_same_draw():
    first, second = (drawn(GREY[:50], Noise(jax.random.key(seed), 50)) for seed in (0, 1))
    assert np.any(first != second)
    whole = drawn(GREY[:50], Noise(jax.random.key(0), 50, jnp.arange(50)))
    some = drawn(GREY[:2], Noise(jax.random.key(0), 2, jnp.array([7, 3])))
    np.testing.assert_array_equal(some, whole[jnp.array([7, 3])])


@pytest.mark.parametrize("name", ["none", "fixed"])
def test_none_and_fixed_leave_pixels_as_they_are(name):
    """Those of `fixed` were drawn when the data were loaded."""
    np.testing.assert_array_equal(TRANSFORMS[name](GREY[:3], Noise(jax.random.key(0), 3)), GREY[:3])


@pytest.mark.slow
def test_members_of_all_seeds_are_evaluated_on_the_same_draws_whatever_the_batch():
    """With a decoder that has only a bias, metrics of an image depend on its draw alone."""
    configs = [small_config(seed=seed, data={"binarise": "drawn"}) for seed in (0, 1)]
    spec, numbers = spec_of(configs, small_dataset()), hyperparameters_of(configs, 5)
    state, test = init_state(spec, Layout(), numbers), split_arrays(small_dataset().test)
    params = jax.tree.map(jnp.zeros_like, state.params)
    params["model"]["decoder"]["last"]["bias"] += jnp.linspace(-1, 1, 36)
    metrics = [
        split_metrics(spec, Layout(), batch, test, numbers, params, state.variables, state.step)["distortion"]
        for batch in (3, 10)
    ]
    np.testing.assert_allclose(metrics[0], metrics[1], rtol=1e-5)
    assert float(metrics[0][0]) == float(metrics[0][1]) != 0
