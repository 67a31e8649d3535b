"""Encoding and decoding many images with one member, in batches."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.training.examples import to_unit
from vae_jax.training.member import Weights, member_key, model_of
from vae_jax.training.spec import Spec

Conditions = Float[np.ndarray, "n classes"] | None  # conditions of images or latents; None for an unconditional model
ConditionsOfAny = Float[np.ndarray, "*arrangement classes"] | None


class Codes(NamedTuple):
    """Codes and reconstructions of images; nothing is sampled.

    Attributes:
        mu: the code of each image, `[n, latent]`: the mean of a normal posterior.
        sigma: the standard deviations, `[n, latent]`; None if the posterior has none.
        distortion: -log p(x|z = mu) in nats, `[n]`.
        reconstructions: decoded from mu, `[n, height, width, channels]`.
    """

    mu: Float[np.ndarray, "n latent"]
    sigma: Float[np.ndarray, "n latent"] | None
    distortion: Float[np.ndarray, " n"]
    reconstructions: UInt8[np.ndarray, "n height width channels"]

    def __repr__(self) -> str:
        """Return the arrays' types and shapes, in one line."""
        arrays = {name: array for name, array in self._asdict().items() if array is not None}
        return f"Codes({', '.join(f'{name} {array.dtype}{array.shape}' for name, array in arrays.items())})"


@partial(jax.jit, static_argnums=0)
def _encode_batch(
    spec: Spec, weights: Weights, images: Array, condition: Array | None
) -> tuple[Array, Array | None, Array, Array]:
    model, x = model_of(spec, weights), to_unit(images, spec.levels)
    point, scale = model.codes(x, condition)
    pixels = model.decode(point, condition)
    return point, scale, -pixels.log_prob(x), _stored(pixels.mean(), spec)


@partial(jax.jit, static_argnums=0)
def _decode_batch(spec: Spec, weights: Weights, z: Array, condition: Array | None) -> Array:
    return _stored(model_of(spec, weights).decode(z, condition).mean(), spec)


@partial(jax.jit, static_argnums=(0, 2))
def _prior_batch(spec: Spec, weights: Weights, count: int, key: Array, condition: Array | None) -> Array:
    return model_of(spec, weights).sample_prior(Noise(key, count), condition)


def _stored(x: Array, spec: Spec) -> Array:
    return jnp.clip(jnp.round(x * spec.levels), 0, 255).astype(jnp.uint8)


def encode_images(
    spec: Spec,
    weights: Weights,
    images: UInt8[np.ndarray, "n height width channels"],
    condition: Conditions = None,
    batch: int = 500,
) -> Codes:
    """Encode images and decode them again.

    Args:
        spec: the member's.
        weights: the member's, without a members axis.
        images: any number.
        condition: of each image, as returned by `condition_of`.
        batch: images at a time.
    """
    parts = [_encode_batch(spec, weights, chunk, of) for chunk, of in _pairs(images, condition, batch)]
    joined = [
        None if each[0] is None else np.concatenate([np.asarray(p) for p in each])[: len(images)]
        for each in zip(*parts, strict=True)
    ]
    return Codes(*joined)  # type: ignore[arg-type]


def decode_latents(
    spec: Spec,
    weights: Weights,
    z: Float[np.ndarray, "*shape latent"],
    condition: ConditionsOfAny = None,
    batch: int = 500,
) -> UInt8[np.ndarray, "*shape height width channels"]:
    """Decode latents of any leading shape to mean images.

    Args:
        spec: the member's.
        weights: the member's, without a members axis.
        z: latents in the last axis.
        condition: of each latent, in the same order.
        batch: latents at a time.
    """
    flat = np.asarray(z, np.float32).reshape(-1, z.shape[-1])
    flat_condition = None if condition is None else np.asarray(condition, np.float32).reshape(len(flat), -1)
    decoded = [np.asarray(_decode_batch(spec, weights, chunk, of)) for chunk, of in _pairs(flat, flat_condition, batch)]
    return np.concatenate(decoded)[: len(flat)].reshape(*z.shape[:-1], *spec.image_shape)


def sample_prior(
    spec: Spec, weights: Weights, count: int, seed: int, condition: Conditions = None
) -> Float[np.ndarray, "n latent"]:
    """Draw latents from a member's prior.

    Args:
        spec: the member's.
        weights: the member's, without a members axis.
        count: number of latents.
        seed: determines the latents.
        condition: of each latent.
    """
    key = named(member_key(jnp.uint32(seed)), "samples")
    return np.asarray(_prior_batch(spec, weights, count, key, condition))


def condition_of(spec: Spec, labels: Int[np.ndarray, " n"]) -> Conditions:
    """Return the conditions of examples of these classes, one-hot; None for an unconditional model."""
    return np.eye(spec.classes, dtype=np.float32)[labels] if spec.classes else None


def conditions_between(
    start: Float[np.ndarray, "n classes"], end: Float[np.ndarray, "n classes"], steps: int
) -> Float[np.ndarray, "n steps classes"]:
    """Return conditions interpolated linearly, from those of the starts to those of the ends."""
    t = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    return start[:, None] * (1 - t) + end[:, None] * t


def even_condition(spec: Spec, shape: tuple[int, ...]) -> Float[np.ndarray, "*shape classes"] | None:
    """Return conditions of latents that belong to no class: equal weight on each."""
    return np.full((*shape, spec.classes), 1 / spec.classes, np.float32) if spec.classes else None


def image_losses(spec: Spec, codes: Codes) -> tuple[Float[np.ndarray, " n"], str]:
    """Return each image's reconstruction loss at z = mu, normalised as the member's `recon`, and its unit."""
    if spec.settings.objective.reduction == "blog":
        losses = codes.distortion / spec.pixels - spec.constant
        return losses, f"{spec.settings.model.likelihood} loss per pixel"
    return codes.distortion, "nats per image"


def _pairs(array: np.ndarray, condition: Conditions, batch: int) -> list[tuple[np.ndarray, np.ndarray | None]]:
    chunks = _chunks(array, batch)
    return list(zip(chunks, [None] * len(chunks) if condition is None else _chunks(condition, batch), strict=True))


def _chunks(array: np.ndarray, batch: int) -> list[np.ndarray]:
    """Split into chunks of equal length, the last padded with copies of its end, so that one program serves all."""
    padded = array[np.minimum(np.arange(-(-len(array) // batch) * batch), len(array) - 1)]
    return list(padded.reshape(-1, batch, *array.shape[1:]))
