"""Families of q(z|x), and what they cost against the standard normal prior."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vae_jax.registry import Registry


class DiagonalGaussian(NamedTuple):
    """q(z|x) = N(mu, diag(sigma²)), both `[batch, latent]`."""

    mu: Float[Array, "batch latent"]
    sigma: Float[Array, "batch latent"]

    def sample(self, eps: Float[Array, "batch latent"]) -> Float[Array, "batch latent"]:
        """Reparameterise standard normal noise (Kingma and Welling 2014, arXiv:1312.6114)."""
        return self.mu + self.sigma * eps

    def kl(self) -> Float[Array, "batch latent"]:
        """KL(q(z|x) || N(0, I)) of each latent unit, in nats (there, appendix B)."""
        return 0.5 * (self.mu**2 + self.sigma**2 - 1 - 2 * jnp.log(self.sigma))


@dataclass(frozen=True)
class PosteriorFamily:
    """How an encoder's output becomes a posterior.

    Attributes:
        outputs: how many encoder outputs each latent unit has; those of a unit lie together.
        of: from these outputs to the posterior.
    """

    outputs: int
    of: Callable[[Float[Array, "batch outputs"]], DiagonalGaussian]


SIGMA_FLOOR = 1e-6


def diagonal_gaussian(outputs: Float[Array, "batch outputs"]) -> DiagonalGaussian:
    """Take each unit's mu and s, `sigma = 1e-6 + softplus(s)`: never 0, never negative."""
    return DiagonalGaussian(outputs[:, 0::2], SIGMA_FLOOR + jax.nn.softplus(outputs[:, 1::2]))


POSTERIORS: Registry[PosteriorFamily] = Registry(
    "config.model.posterior",
    {"diagonal_gaussian": PosteriorFamily(outputs=2, of=diagonal_gaussian)},
)
