"""The autoencoder: encoder, posterior, prior, decoder, likelihood."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Key, UInt8

from vae_jax.config import ModelConfig
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.likelihoods import LIKELIHOODS, mean_image
from vae_jax.models.mlp import ACTIVATIONS, DECODERS, ENCODERS
from vae_jax.models.posteriors import POSTERIORS, DiagonalGaussian

Images = Float[Array, "batch height width channels"]
Latents = Float[Array, "batch latent"]


class VAE(nnx.Module):
    """The parameters of an autoencoder; the functions below are what it does."""

    def __init__(
        self,
        model: ModelConfig,
        image_shape: tuple[int, int, int],
        key: Key[Array, ""],
        mask: Bool[Array, " latent"] | None = None,
    ) -> None:
        """Draw the starting weights.

        Args:
            model: which parts, of which sizes.
            image_shape: height, width, channels.
            key: all randomness of the start.
            mask: which of the `model.latent_dim` units there are, the first ones; they start as in a model of
                these alone. None means all.

        Raises:
            UserError: a part's name is not registered.
        """
        rngs = nnx.Rngs(params=key)
        mask = jnp.ones(model.latent_dim, bool) if mask is None else mask
        activation, init = ACTIVATIONS[model.activation], INITIALISERS[model.init]
        outputs = POSTERIORS[model.posterior].outputs
        mirrored = model.decoder_hidden or model.hidden[::-1]
        encoder, decoder = ENCODERS[model.encoder], DECODERS[model.decoder]
        self.encoder = encoder(image_shape, model.hidden, model.latent_dim, outputs, activation, init, rngs)
        self.decoder = decoder(mask, mirrored, image_shape, activation, init, rngs)
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
