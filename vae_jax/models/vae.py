"""The autoencoder: encoder, posterior, prior, decoder, likelihood."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key, UInt8

from vae_jax.config import ModelConfig
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.likelihoods import LIKELIHOODS, mean_image
from vae_jax.models.mlp import ACTIVATIONS, DECODERS, ENCODERS
from vae_jax.models.posteriors import POSTERIORS, DiagonalGaussian

Images = Float[Array, "batch height width channels"]
Latents = Float[Array, "batch latent"]


class VAE(nnx.Module):
    """The parameters of an autoencoder; the functions below are what it does."""

    def __init__(self, model: ModelConfig, image_shape: tuple[int, int, int], key: Key[Array, ""]) -> None:
        """Draw the starting weights.

        Args:
            model: which parts, of which sizes.
            image_shape: height, width, channels.
            key: all randomness of the start.

        Raises:
            UserError: a part's name is not registered.
        """
        rngs = nnx.Rngs(params=key)
        activation, init = ACTIVATIONS[model.activation], INITIALISERS[model.init]
        outputs = POSTERIORS[model.posterior].outputs(model.latent_dim)
        mirrored = model.decoder_hidden or model.hidden[::-1]
        self.encoder = ENCODERS[model.encoder](image_shape, model.hidden, outputs, activation, init, rngs)
        self.decoder = DECODERS[model.decoder](model.latent_dim, mirrored, image_shape, activation, init, rngs)
        if LIKELIHOODS[model.likelihood].learns_sigma:
            self.log_sigma = nnx.Param(jnp.asarray(math.log(model.likelihood_sigma), jnp.float32))


def to_unit(images: UInt8[Array, "batch height width channels"], levels: int) -> Images:
    """Turn stored pixels into `value / levels`."""
    return images.astype(jnp.float32) / levels


def encode(vae: VAE, model: ModelConfig, x: Images) -> DiagonalGaussian:
    """Return q(z|x)."""
    return POSTERIORS[model.posterior].of(vae.encoder(x))


def decode(vae: VAE, z: Latents) -> Images:
    """Return the expected picture of each latent, pixels in [0, 1]."""
    return mean_image(vae.decoder(z))


def fit_loss(vae: VAE, model: ModelConfig, x: Images, z: Latents) -> Float[Array, " batch"]:
    """Return -log p(x|z) less the likelihood's constant, in nats summed over each image."""
    likelihood = LIKELIHOODS[model.likelihood]
    log_sigma = vae.log_sigma[...] if likelihood.learns_sigma else jnp.log(model.likelihood_sigma)
    return jnp.sum(likelihood.pixel_loss(x, vae.decoder(z), log_sigma), axis=(1, 2, 3))


def parameter_count(model: ModelConfig, image_shape: tuple[int, int, int]) -> int:
    """Count the parameters without making any."""
    shapes = nnx.eval_shape(lambda: VAE(model, image_shape, jax.random.key(0)))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(shapes, nnx.Param)))
