"""A flow over a standard normal as the prior."""

from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Key

from vae_jax.config.checks import limited, one_of
from vae_jax.core.random_keys import named
from vae_jax.models.autoregressive import AutoregressiveFlow
from vae_jax.models.contracts import Build, Condition, Model
from vae_jax.models.coupling import CouplingFlow
from vae_jax.models.flows import Flow, FlowDistribution, taken_apart
from vae_jax.models.normals import DiagonalGaussian


class FlowPrior(nnx.Module):
    """N(0, I) transformed by layers that are learned; in a conditional model they see the condition.

    Coupling layers (Dinh et al. 2017, arXiv:1605.08803) give densities and samples in one pass; autoregressive ones
    (Papamakarios et al. 2017, arXiv:1705.07057) densities in one pass, samples in as many as there are units.
    """

    @dataclass(frozen=True)
    class Settings:
        """The flow.

        Attributes:
            kind: of its layers.
            layers: how many.
            width: units of each of a coupling layer's two hidden layers.
            unit_width: hidden units of an autoregressive layer for each latent unit.
        """

        kind: str = one_of("coupling", "coupling", "autoregressive")
        layers: int = limited(4, low=1, high=100)
        width: int = limited(64, low=1, high=10_000)
        unit_width: int = limited(8, low=1, high=1000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights: at the start the layers move little."""
        is_coupling = settings.kind == "coupling"
        width = settings.width if is_coupling else settings.unit_width
        flow = CouplingFlow if is_coupling else AutoregressiveFlow
        self.flow: Flow = flow(settings.layers, width, build.condition, build, named(key, "flow"))

    def __call__(self, model: Model, condition: Condition) -> FlowDistribution:
        """Return the prior."""
        zeros = jnp.zeros(model.units.size)
        base = DiagonalGaussian(zeros, zeros + 1, model.units)
        return FlowDistribution(base, condition, *taken_apart(self.flow))
