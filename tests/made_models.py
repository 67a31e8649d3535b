"""Models whose weights are set by hand, so that what they do can be calculated."""

import dataclasses
import math

import jax
import jax.numpy as jnp
from flax import nnx
from small_runs import small_spec

from vae_jax.models.vae import VAE


def linear_program(latent=1, likelihood="gaussian", sigma=1.0, levels=255, reduction="nats"):
    """The program of a model without hidden layers."""
    model = {"hidden": (), "latent_dim": latent, "likelihood": likelihood, "likelihood_sigma": sigma}
    program = small_spec(model=model, objective={"reduction": reduction})
    return dataclasses.replace(program, levels=levels)


def linear_params(program, mu=0.0, sigma=1.0, slope=0.0, output=0.0):
    """q(z|x) = N(mu, sigma²) in every unit whatever x, and a decoder output of `output + slope * sum(z)`."""
    vae = VAE(program.model, program.image_shape, jax.random.key(0))
    (encoder,), (decoder,) = vae.encoder.layers.layers, vae.decoder.layers.layers
    spread = math.log(math.expm1(sigma - 1e-6))
    latent = program.model.latent_dim
    encoder.kernel[...] = jnp.zeros_like(encoder.kernel[...])
    encoder.bias[...] = jnp.array([mu, spread] * latent)
    decoder.kernel[...] = jnp.full_like(decoder.kernel[...], slope)
    decoder.bias[...] = jnp.full_like(decoder.bias[...], output)
    return nnx.state(vae, nnx.Param)


def of_members(*params):
    """Stack parameters along a leading members axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *params)
