"""The diagonal normal posterior."""

from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.models.dense import UnitHead
from vae_jax.models.normals import DiagonalGaussian, gaussian_of


class DiagonalGaussianPosterior(nnx.Module):
    """A mean and a standard deviation for each unit, from the encoder's features."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        self.head = UnitHead(2, build, key)

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> DiagonalGaussian:
        """Return q(z|x)."""
        return gaussian_of(self.head(features), units)
