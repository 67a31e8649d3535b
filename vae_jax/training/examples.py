"""Batches made from stored images."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Int32, Key, UInt8

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.data.dataset import Dataset, Split
from vae_jax.data.transforms import TRANSFORMS
from vae_jax.models.contracts import Batch, Condition
from vae_jax.training.spec import Spec


class SplitArrays(NamedTuple):
    """Images of a split and their labels, on the device."""

    images: UInt8[Array, "n height width channels"]
    labels: Int32[Array, " n"]


class TrainData(NamedTuple):
    """The training images on the device, and the sampling indices of one pass."""

    split: SplitArrays
    draws: Int32[Array, " m"]


def split_arrays(split: Split) -> SplitArrays:
    """Put a split on the device."""
    return SplitArrays(jnp.asarray(split.images), jnp.asarray(split.labels))


def train_data(dataset: Dataset) -> TrainData:
    """Put the training images onto the device."""
    return TrainData(split_arrays(dataset.train), jnp.asarray(dataset.sampling_indices))


def train_data_shapes(dataset: Dataset) -> TrainData:
    """Return the shapes and types of `train_data`, without copying anything to the device."""
    split = dataset.train
    images, labels, draws = (
        jax.ShapeDtypeStruct(array.shape, array.dtype)
        for array in (split.images, split.labels, dataset.sampling_indices)
    )
    return TrainData(SplitArrays(images, labels), draws)  # type: ignore[arg-type]


def to_unit(images: UInt8[Array, "*lead height width channels"], levels: int) -> Float[Array, "..."]:
    """Turn stored pixels into `value / levels`."""
    return images.astype(jnp.float32) / levels


def condition_of(spec: Spec, labels: Int[Array, " batch"]) -> Condition:
    """Return the model's condition for images with these labels: one-hot classes; None for an unconditional model."""
    return jax.nn.one_hot(labels, spec.classes) if spec.classes else None


def make_batch(spec: Spec, split: SplitArrays, index: Int[Array, " batch"], noise: Noise) -> Batch:
    """Return the images of a split at these indices, transformed as the data's settings say."""
    x = TRANSFORMS[spec.settings.data.binarise](to_unit(split.images[index], spec.levels), noise)
    return Batch(x, condition_of(spec, split.labels[index]), index)


def start_batch(spec: Spec, split: SplitArrays, count: int, key: Key[Array, ""]) -> Batch:
    """Return images for weights that start from images: one from each of `count` stretches of the split.

    So all are different if the split has as many, and nothing is sorted.
    """
    ends = np.arange(count + 1) * len(split.images) // count
    drawn = jax.random.uniform(named(key, "places"), (count,))
    last = np.maximum(np.diff(ends) - 1, 0)
    places = jnp.asarray(ends[:-1], jnp.int32) + jnp.minimum((drawn * np.diff(ends)).astype(jnp.int32), last)
    return make_batch(spec, split, places, Noise(named(key, "noise"), count))
