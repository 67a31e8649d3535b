"""Samplers by name: distributions of latents that are fitted to the codes of a trained model."""

from vae_jax.core.registry import Registry
from vae_jax.samplers.contracts import Sampler
from vae_jax.samplers.gaussian_mixture import GaussianMixture
from vae_jax.samplers.prior import Prior

SAMPLERS: Registry[type[Sampler]] = Registry(
    "config.sampler.name", {"gaussian_mixture": GaussianMixture, "prior": Prior}
)
