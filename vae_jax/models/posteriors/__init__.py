"""Posteriors by name: from features to q(z|x)."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Posterior
from vae_jax.models.posteriors.coupling import CouplingPosterior
from vae_jax.models.posteriors.diagonal_gaussian import DiagonalGaussianPosterior
from vae_jax.models.posteriors.fsq import FSQ
from vae_jax.models.posteriors.full_gaussian import FullGaussianPosterior
from vae_jax.models.posteriors.iaf import IAF
from vae_jax.models.posteriors.planar import Planar
from vae_jax.models.posteriors.von_mises_fisher import VonMisesFisherPosterior
from vae_jax.models.posteriors.vq import VQ

POSTERIORS: Registry[Callable[..., Posterior]] = Registry(
    "config.model.posterior",
    {
        "coupling": CouplingPosterior,
        "diagonal_gaussian": DiagonalGaussianPosterior,
        "fsq": FSQ,
        "full_gaussian": FullGaussianPosterior,
        "iaf": IAF,
        "planar": Planar,
        "von_mises_fisher": VonMisesFisherPosterior,
        "vq": VQ,
    },
)
