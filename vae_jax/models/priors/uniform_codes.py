"""The uniform prior of discrete codes, and the base of posteriors over a finite number of points."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int32, Key

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Condition, HasLogProb, Model


@runtime_checkable
class Codebook(Protocol):
    """A pytree that maps indices of codes to latents.

    Attributes:
        codes: number of codes to choose from at each position.
        positions: number of codes of an example.
    """

    codes: int
    positions: int

    def latents(self, chosen: Int32[Array, "*lead positions"]) -> Float[Array, "*lead units"]:
        """Return the latents of codes."""

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log mass of the uniform distribution: minus log `codes` for each unmasked position."""


@runtime_checkable
class HasCodebook(Protocol):
    """A posterior that chooses among codes."""

    @property
    def codebook(self) -> Codebook:
        """Return the codes."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UniformCodes:
    """Every code at every position with equal probability."""

    codebook: Codebook

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw a code for each position."""
        book = self.codebook
        chosen = (noise.uniform("codes", (book.positions,), (k,)) * book.codes).astype(jnp.int32)
        z = book.latents(jnp.minimum(chosen, book.codes - 1))
        return z, self.log_prob(z)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log mass."""
        return self.codebook.log_prob(z)


class PointMass:
    """A posterior with all of its mass on one point `z` for each example."""

    z: Float[Array, "batch units"]

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Return the point `k` times, with log mass 0."""
        return jnp.broadcast_to(self.z, (k, *self.z.shape)), jnp.zeros((k, len(self.z)))

    def centre(self) -> Float[Array, "batch units"]:
        """Return the point."""
        return self.z


def check_uniform(p: HasLogProb, posterior: str) -> None:
    """Check that the prior is uniform over codes.

    Raises:
        UserError: it is not.
    """
    if not isinstance(p, UniformCodes):
        raise UserError(f"config.model.posterior: found {posterior!r}, which needs config.model.prior=uniform_codes")


class UniformCodesPrior(nnx.Module):
    """Uniform over the codes of the model's posterior."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, model: Model, condition: Condition) -> UniformCodes:
        """Return the prior.

        Raises:
            UserError: the posterior has no codes.
        """
        posterior = getattr(model, "posterior", None)
        if not isinstance(posterior, HasCodebook):
            raise UserError("config.model.prior: found 'uniform_codes', which needs config.model.posterior=fsq or vq")
        return UniformCodes(posterior.codebook)
