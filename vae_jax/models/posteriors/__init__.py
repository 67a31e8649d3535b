"""Posteriors by name: from features to q(z|x)."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Posterior
from vae_jax.models.posteriors.diagonal_gaussian import DiagonalGaussianPosterior
from vae_jax.models.posteriors.fsq import FSQ
from vae_jax.models.posteriors.iaf import IAF
from vae_jax.models.posteriors.vq import VQ

POSTERIORS: Registry[Callable[..., Posterior]] = Registry(
    "config.model.posterior",
    {
        "diagonal_gaussian": DiagonalGaussianPosterior,
        "fsq": FSQ,
        "iaf": IAF,
        "vq": VQ,
    },
)
