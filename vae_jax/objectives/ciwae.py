"""A combination of the ELBO and the importance-weighted bound."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Int

from vae_jax.config.checks import number
from vae_jax.core.noise import Noise
from vae_jax.core.traced import Number
from vae_jax.models.contracts import Batch, Model
from vae_jax.objectives.contracts import ObjectiveBuild, Terms
from vae_jax.objectives.elbo import log_likelihoods, terms_of
from vae_jax.objectives.iwae import IWAE, log_mean, log_weights, with_bound
from vae_jax.schedules.warmups import beta_kl_at


class CIWAE(IWAE):
    """`strength * ELBO + (1 - strength) * IWAE` of the same samples (Rainforth et al. 2018, arXiv:1802.04537).

    The ELBO has the KL in closed form where there is one.
    """

    @dataclass(frozen=True)
    class Settings:
        """The combination.

        Attributes:
            strength: the weight of the ELBO, beta in the paper; 0 gives IWAE, 1 the ELBO.
        """

        strength: Number = number(0.05, low=0, high=1)

    def __init__(self, settings: Settings, build: ObjectiveBuild) -> None:
        """Keep the settings.

        Raises:
            UserError: as for IWAE.
        """
        super().__init__(None, build)
        self.settings = settings

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the combined bound of each example, and the terms of its ELBO."""
        objective, strength = self.build.config.objective, self.settings.strength
        inference = model.infer(batch.x, batch.condition, noise, objective.samples)
        log_likelihood, beta_kl = log_likelihoods(model, batch, inference.z), beta_kl_at(step, objective)
        terms = terms_of(log_likelihood, inference)
        elbo = -(terms["distortion"] + beta_kl * jnp.sum(terms["rates"], axis=-1))
        iwae = log_mean(log_weights(log_likelihood, inference, beta_kl))
        return with_bound(strength * elbo + (1 - strength) * iwae, terms)
