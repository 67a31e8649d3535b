"""A posterior of affine coupling layers (Dinh et al. 2017, arXiv:1605.08803)."""

from dataclasses import dataclass

from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.models.coupling import CouplingFlow
from vae_jax.models.dense import UnitHead, linear
from vae_jax.models.flows import FlowDistribution, taken_apart
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.normals import gaussian_of


class CouplingPosterior(nnx.Module):
    """A diagonal normal transformed by coupling layers that are conditioned on the image."""

    @dataclass(frozen=True)
    class Settings:
        """The flow.

        Attributes:
            layers: number of coupling layers; each moves every other unit.
            width: units of each of a layer's two hidden layers.
            context: length of the vector through which the layers see an image.
        """

        layers: int = limited(4, low=1, high=100)
        width: int = limited(64, low=1, high=10_000)
        context: int = limited(32, low=1, high=10_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        init = INITIALISERS[build.config.model.init]
        self.head = UnitHead(2, build, named(key, "head"))
        self.context = linear(build.features, settings.context, init, named(key, "context"))
        self.flow = CouplingFlow(settings.layers, settings.width, settings.context, build, named(key, "flow"))

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> FlowDistribution:
        """Return q(z|x)."""
        base = gaussian_of(self.head(features), units)
        return FlowDistribution(base, self.context(features), *taken_apart(self.flow))
