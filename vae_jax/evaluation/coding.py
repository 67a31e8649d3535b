"""Encoding and decoding many images with one member, a batch at a time."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, UInt8

from vae_jax.models.vae import decode, encode, fit_loss, to_unit
from vae_jax.training.program import Program
from vae_jax.training.steps import Params, graph_of


class Codes(NamedTuple):
    """What a member makes of images, nothing sampled (z = mu).

    Attributes:
        mu, sigma: the posterior, `[n, latent]`.
        fit: -log p(x|z = mu) less the likelihood's constant, nats, `[n]`.
        reconstructions: `[n, height, width, channels]`.
    """

    mu: Float[np.ndarray, "n latent"]
    sigma: Float[np.ndarray, "n latent"]
    fit: Float[np.ndarray, " n"]
    reconstructions: UInt8[np.ndarray, "n height width channels"]

    def __repr__(self) -> str:
        """Say the arrays' types and shapes, in one line."""
        return f"Codes({', '.join(f'{name} {array.dtype}{array.shape}' for name, array in self._asdict().items())})"


@partial(jax.jit, static_argnums=0)
def _encode_batch(program: Program, params: Params, images: Array) -> tuple[Array, Array, Array, Array]:
    vae = nnx.merge(graph_of(program), params)
    x = to_unit(images, program.levels)
    q = encode(vae, program.model, x)
    return q.mu, q.sigma, fit_loss(vae, program.model, x, q.mu), _stored(decode(vae, q.mu), program)


@partial(jax.jit, static_argnums=0)
def _decode_batch(program: Program, params: Params, z: Array) -> Array:
    return _stored(decode(nnx.merge(graph_of(program), params), z), program)


def _stored(x: Array, program: Program) -> Array:
    return jnp.clip(jnp.round(x * program.levels), 0, 255).astype(jnp.uint8)


def encode_images(
    program: Program, params: Params, images: UInt8[np.ndarray, "n height width channels"], batch: int = 500
) -> Codes:
    """Encode images and decode them again.

    Args:
        program: the member's program.
        params: the member's parameters, without a members axis.
        images: any number.
        batch: images at a time.
    """
    parts = [_encode_batch(program, params, chunk) for chunk in _chunks(images, batch)]
    return Codes(*(np.concatenate([np.asarray(p) for p in each])[: len(images)] for each in zip(*parts, strict=True)))


def decode_latents(
    program: Program, params: Params, z: Float[np.ndarray, "*shape latent"], batch: int = 500
) -> UInt8[np.ndarray, "*shape height width channels"]:
    """Decode latents of any leading shape to the expected pictures.

    Args:
        program: the member's program.
        params: the member's parameters, without a members axis.
        z: latents in the last axis.
        batch: latents at a time.
    """
    flat = np.asarray(z, np.float32).reshape(-1, z.shape[-1])
    images = np.concatenate([np.asarray(_decode_batch(program, params, chunk)) for chunk in _chunks(flat, batch)])
    return images[: len(flat)].reshape(*z.shape[:-1], *program.image_shape)


def image_losses(program: Program, codes: Codes) -> tuple[Float[np.ndarray, " n"], str]:
    """Return each image's reconstruction loss at z = mu, and its unit: as the program's own `recon` is normalised."""
    how = program.normalisation
    if program.reduction == "blog":
        return codes.fit / how.pixels, f"{program.model.likelihood} loss per pixel"
    return codes.fit + how.pixels * how.constant, "nats per image"


def _chunks(array: np.ndarray, batch: int) -> list[np.ndarray]:
    """Cut into pieces of equal length (one compiled program for all), the last padded with its end."""
    padded = array[np.minimum(np.arange(-(-len(array) // batch) * batch), len(array) - 1)]
    return list(padded.reshape(-1, batch, *array.shape[1:]))
