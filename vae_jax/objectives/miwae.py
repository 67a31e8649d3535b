"""The mean of several importance-weighted bounds."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.config.checks import limited
from vae_jax.core.errors import UserError
from vae_jax.objectives.contracts import ObjectiveBuild
from vae_jax.objectives.iwae import IWAE, LogWeights, log_mean


class MIWAE(IWAE):
    """The mean of the bounds of several groups of samples (Rainforth et al. 2018, arXiv:1802.04537).

    With one group it is IWAE, with groups of one sample the ELBO.
    """

    @dataclass(frozen=True)
    class Settings:
        """The groups.

        Attributes:
            groups: how many bounds are averaged, M in the paper; each has `objective.samples / groups` samples (K).
        """

        groups: int = limited(2, low=1, high=100_000)

    def __init__(self, settings: Settings, build: ObjectiveBuild) -> None:
        """Keep the settings.

        Raises:
            UserError: the groups can't have equally many samples, or as for IWAE.
        """
        super().__init__(None, build)
        self.groups, objective = settings.groups, build.config.objective
        if objective.samples % self.groups:
            raise UserError(
                f"config.objectives.{objective.name}.groups: found {self.groups}, which does not divide the "
                f"{objective.samples} of config.objective.samples; needs a divisor"
            )

    def bound(self, log_w: LogWeights) -> Float[Array, " batch"]:
        """Return the mean of the groups' bounds for each example."""
        return jnp.mean(jax.vmap(log_mean)(self.grouped(log_w)), axis=0)

    def grouped(self, log_w: LogWeights) -> Float[Array, "groups each batch"]:
        """Return the samples of each group."""
        return log_w.reshape(self.groups, -1, log_w.shape[-1])
