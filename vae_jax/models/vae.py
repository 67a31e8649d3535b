"""The VAE of one level: encoder, posterior, prior, decoder, likelihood."""

import dataclasses

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.parts import settings_of
from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.units import UnitCount, Units
from vae_jax.models.contracts import (
    Build,
    Codes,
    Condition,
    Distribution,
    HasCentre,
    HasKL,
    HasPenalty,
    HasScale,
    Images,
    Inference,
    PixelDistribution,
)
from vae_jax.models.decoders import DECODERS
from vae_jax.models.dense import flattened
from vae_jax.models.encoders import ENCODERS
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.posteriors import POSTERIORS
from vae_jax.models.priors import PRIORS


class VAE(nnx.Module):
    """One level of latent units (Kingma and Welling 2014, arXiv:1312.6114)."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each part.

        Raises:
            UserError: a part's name is not registered.
        """
        model = build.config.model

        def own(kind: str) -> tuple[object, Build, Key[Array, ""]]:
            return settings_of(build.config, kind), build, named(key, kind)

        self.size = build.units.size
        self.count = UnitCount(jnp.asarray(build.units.count, jnp.int32))
        self.likelihood = LIKELIHOODS[model.likelihood](*own("likelihood"))
        self.encoder = ENCODERS[model.encoder](*own("encoder"))
        build = dataclasses.replace(build, features=self.encoder.features, outputs=self.likelihood.outputs)
        self.posterior = POSTERIORS[model.posterior](*own("posterior"))
        self.prior = PRIORS[model.prior](*own("prior"))
        self.decoder = DECODERS[model.decoder](*own("decoder"))

    @property
    def units(self) -> Units:
        """The latent units."""
        return Units(self.size, self.count[...])

    def posterior_of(self, x: Images, condition: Condition) -> Distribution:
        """Return q(z|x)."""
        return self.posterior(self.encoder(x, condition), self.units)

    def infer(self, x: Images, condition: Condition, noise: Noise, k: int) -> Inference:
        """Draw `k` latent samples of each image, with their densities."""
        q, p = self.posterior_of(x, condition), self.prior(self, condition)
        z, log_q = q.sample(noise, k)
        rates = q.kl(p) if isinstance(q, HasKL) else None
        penalty = q.penalty if isinstance(q, HasPenalty) else None
        return Inference(z, log_q, p.log_prob(z), rates, penalty, q, p)

    def decode(self, z: Float[Array, "*lead units"], condition: Condition) -> PixelDistribution:
        """Return p(x|z) of latents, `[batch, units]` or `[k, batch, units]`."""
        outputs = self.decoder(*flattened(z, condition))
        return self.likelihood(outputs.reshape(*z.shape[:-1], *outputs.shape[1:]))

    def sample_prior(self, noise: Noise, condition: Condition) -> Float[Array, "n units"]:
        """Draw one latent for each example of the noise's batch."""
        return self.prior(self, condition).sample(noise, 1)[0][0]

    def codes(self, x: Images, condition: Condition) -> Codes:
        """Return the posterior's centre, and its standard deviations if it has any.

        Raises:
            UserError: it has no centre.
        """
        q = self.posterior_of(x, condition)
        if not isinstance(q, HasCentre):
            raise UserError(
                f"config.model.posterior: {type(q).__name__} has no point that represents an image; needs a method "
                "centre()"
            )
        return Codes(q.centre(), q.scale() if isinstance(q, HasScale) else None)
