"""The condition of an image affects its encoding and decoding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small_batch, small_model, training_noise
from small_runs import small_dataset, small_spec

from vae_jax.core.noise import Noise
from vae_jax.training.examples import condition_of, make_batch, split_arrays


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, {"posterior": "iaf"}, {"encoder": "conv", "decoder": "conv"}])
def test_the_condition_affects_the_posterior_and_the_decoded_images(parts):
    x = small_batch(2).x

    @jax.jit
    @jax.jacfwd
    def slopes(told):
        model, told = small_model(condition=2, model=parts), jnp.tile(told, (2, 1))
        pictures = model.decode(jnp.ones((3, 2, 3)), told).mean()
        return model.infer(x, told, training_noise(2), 1).z, pictures

    for slope in slopes(jnp.array([1.0, 0.0])):
        assert np.any(slope != 0)


def test_each_of_several_samples_is_decoded_with_the_condition_of_its_image():
    @jax.jit
    def both():
        model, told, z = small_model(condition=2), jnp.eye(2), jax.random.normal(jax.random.key(0), (3, 2, 3))
        return model.decode(z, told).mean(), jnp.stack([model.decode(each, told).mean() for each in z])

    together, alone = both()
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_labels_are_told_one_hot_in_the_order_of_the_images():
    spec, dataset = small_spec(data={"condition": "labels"}), small_dataset()
    index = jnp.array([3, 0, 5])
    batch = make_batch(spec, split_arrays(dataset.train), index, Noise(jax.random.key(0), 3))
    np.testing.assert_array_equal(batch.condition, np.eye(2)[dataset.train.labels[np.asarray(index)]])
    assert condition_of(small_spec(), index) is None
