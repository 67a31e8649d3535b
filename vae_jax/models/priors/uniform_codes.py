"""The uniform prior of discrete codes: for posteriors that choose among a finite number of points."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int32, Key

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.contracts import Build, Condition, Model


@runtime_checkable
class Codebook(Protocol):
    """A pytree that turns numbers of codes into latents.

    Attributes:
        codes: to choose from at each position.
        positions: codes of an example.
    """

    codes: int
    positions: int

    def latents(self, chosen: Int32[Array, "*lead positions"]) -> Float[Array, "*lead units"]:
        """Return the latents of codes."""
        ...

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log mass of the uniform distribution: minus log `codes` for each position that there is."""
        ...


@runtime_checkable
class HasCodebook(Protocol):
    """A posterior that chooses among codes."""

    @property
    def codebook(self) -> Codebook:
        """Return the codes."""
        ...


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UniformCodes:
    """Every code at every position, with equal chance."""

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


class UniformCodesPrior(nnx.Module):
    """Uniform over the codes of the model's posterior."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """There is nothing to learn."""

    def __call__(self, model: Model, condition: Condition) -> UniformCodes:
        """Return the prior.

        Raises:
            UserError: the posterior has no codes.
        """
        posterior = getattr(model, "posterior", None)
        if not isinstance(posterior, HasCodebook):
            raise UserError("config.model.prior: found 'uniform_codes', which needs config.model.posterior=fsq or vq")
        return UniformCodes(posterior.codebook)
