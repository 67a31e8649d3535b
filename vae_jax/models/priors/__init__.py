"""Priors by name: p(z)."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Prior
from vae_jax.models.priors.flow import FlowPrior
from vae_jax.models.priors.gaussian_mixture import GaussianMixturePrior
from vae_jax.models.priors.standard_normal import StandardNormalPrior
from vae_jax.models.priors.uniform_codes import UniformCodesPrior
from vae_jax.models.priors.uniform_sphere import UniformSpherePrior
from vae_jax.models.priors.vamp import VampPrior

PRIORS: Registry[Callable[..., Prior]] = Registry(
    "config.model.prior",
    {
        "flow": FlowPrior,
        "gaussian_mixture": GaussianMixturePrior,
        "standard_normal": StandardNormalPrior,
        "uniform_codes": UniformCodesPrior,
        "uniform_sphere": UniformSpherePrior,
        "vamp": VampPrior,
    },
)
