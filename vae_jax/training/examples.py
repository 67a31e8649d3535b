"""Stored images as the batches that a model sees."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Int32, UInt8

from vae_jax.data.transforms import TRANSFORMS
from vae_jax.models.contracts import Batch, Condition
from vae_jax.models.noise import Noise
from vae_jax.training.spec import Spec


class SplitArrays(NamedTuple):
    """Images of a split and their labels, on the device."""

    images: UInt8[Array, "n height width channels"]
    labels: Int32[Array, " n"]


def to_unit(images: UInt8[Array, "*lead height width channels"], levels: int) -> Float[Array, "..."]:
    """Turn stored pixels into `value / levels`."""
    return images.astype(jnp.float32) / levels


def condition_of(spec: Spec, labels: Int[Array, " batch"]) -> Condition:
    """Return what the model is told of images with these labels: the class, one-hot; None where it is told nothing."""
    return jax.nn.one_hot(labels, spec.classes) if spec.classes else None


def make_batch(spec: Spec, split: SplitArrays, index: Int[Array, " batch"], noise: Noise) -> Batch:
    """Return the images of a split at these places, transformed as the data's settings say."""
    x = TRANSFORMS[spec.settings.data.binarise](to_unit(split.images[index], spec.levels), noise)
    return Batch(x, condition_of(spec, split.labels[index]), index)
