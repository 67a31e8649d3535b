"""Batches made from stored images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_dataset, small_spec

from vae_jax.core.noise import Noise
from vae_jax.training.examples import condition_of, make_batch, split_arrays, to_unit, train_data, train_data_shapes

DATASET = small_dataset()
SPLIT = split_arrays(DATASET.train)
INDEX = jnp.array([4, 1, 7])
NOISE = Noise(jax.random.key(0), 3)


def test_pixels_are_value_over_levels():
    stored = jnp.full((1, 1, 1, 1), 255, jnp.uint8)
    assert float(to_unit(stored, 255)[0, 0, 0, 0]) == 1
    assert float(to_unit(stored, 256)[0, 0, 0, 0]) == 255 / 256


@pytest.mark.parametrize("levels", [255, 256])
def test_a_batch_holds_the_images_at_its_indices(levels):
    batch = make_batch(small_spec(data={"levels": levels}), SPLIT, INDEX, NOISE)
    np.testing.assert_allclose(batch.x, DATASET.train.images[np.asarray(INDEX)] / levels, rtol=1e-6)
    np.testing.assert_array_equal(batch.index, INDEX)
    assert batch.condition is None


def test_the_condition_is_the_class_one_hot():
    spec = small_spec(data={"condition": "labels"})
    told = make_batch(spec, SPLIT, INDEX, NOISE).condition
    np.testing.assert_array_equal(told, np.eye(2)[DATASET.train.labels[np.asarray(INDEX)]])
    assert condition_of(small_spec(), jnp.array([0, 1])) is None


def test_the_shapes_are_those_of_the_arrays():
    made, shapes = train_data(DATASET), train_data_shapes(DATASET)
    described = [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(made)]
    assert [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(shapes)] == described
