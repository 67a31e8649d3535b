"""A normal posterior, independent in each latent unit."""

import jax
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.models.dense import UnitHead
from vae_jax.models.normals import DiagonalGaussian

SIGMA_FLOOR = 1e-6


class DiagonalGaussianPosterior(nnx.Module):
    """A mean and a standard deviation of each unit from the encoder's features."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights."""
        self.head = UnitHead(2, build, key)

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> DiagonalGaussian:
        """Return q(z|x), with `sigma = 1e-6 + softplus(s)`: never 0, never negative."""
        mu, s = self.head(features)
        return DiagonalGaussian(mu, SIGMA_FLOOR + jax.nn.softplus(s), units)
