"""Vector quantisation, the codes moving averages (van den Oord et al. 2017, arXiv:1711.00937, appendix A)."""

import math
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int32, Key

from vae_jax.config.checks import limited, number
from vae_jax.core.errors import UserError
from vae_jax.core.random_keys import named
from vae_jax.core.traced import Number
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build, HasLogProb
from vae_jax.models.dense import linear
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.priors.uniform_codes import PointMass, check_uniform


class Code(nnx.Variable[Array]):
    """Codes and their moving averages, which have no gradient."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VectorCodes:
    """Each position takes one of the vectors.

    Attributes:
        vectors: `[codes, width]`.
        positions: number of codes of an example.
    """

    vectors: Float[Array, "codes width"]
    positions: int = field(metadata={"static": True})

    @property
    def codes(self) -> int:
        """The number of vectors."""
        return len(self.vectors)

    def latents(self, chosen: Int32[Array, "*lead positions"]) -> Float[Array, "*lead units"]:
        """Return the vectors of all positions side by side."""
        return self.vectors[chosen].reshape(*chosen.shape[:-1], -1)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log mass of the uniform distribution."""
        return jnp.full(z.shape[:-1], -self.positions * math.log(self.codes))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class QuantisedVectors(PointMass):
    """A single point for each example: the nearest code at every position.

    Attributes:
        z: `[batch, units]`, with the gradient of the encoder's vectors.
        penalty: `[batch]`, the commitment cost.
        book: the codes.
    """

    z: Float[Array, "batch units"]
    penalty: Float[Array, " batch"]
    book: VectorCodes

    def kl(self, p: HasLogProb) -> Float[Array, "batch positions"]:
        """Return log `codes` for each position, in nats: the KL to a uniform prior.

        Raises:
            UserError: the prior is not uniform over the codes.
        """
        check_uniform(p, "vq")
        return jnp.full((len(self.z), self.book.positions), math.log(self.book.codes))


class VQ(nnx.Module):
    """The latent units are split into positions, each of which takes the nearest code."""

    traces_latent_dim = False  # the vector of a position is compared as a whole
    depends_on_batch = True  # all images of a batch update the codes

    @dataclass(frozen=True)
    class Settings:
        """The codes.

        Attributes:
            codes: number of vectors in the codebook.
            positions: codes of an example; must divide `model.latent_dim`.
            commitment: the weight of the squared distance between the encoder's vectors and their codes.
            decay: of the moving averages.
        """

        codes: int = limited(64, low=2, high=100_000)
        positions: int = limited(1, low=1, high=10_000)
        commitment: Number = number(0.25, low=0)
        decay: Number = number(0.99, low=0, high=1)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights and codes.

        Raises:
            UserError: the positions don't divide the latent units.
        """
        size, init = build.units.size, INITIALISERS[build.config.model.init]
        if size % settings.positions:
            raise UserError(
                f"config.posteriors.vq.positions: found {settings.positions}, which does not divide "
                f"config.model.latent_dim={size}; needs a divisor"
            )
        self.positions, width = settings.positions, size // settings.positions
        self.layer = linear(build.features, size, init, named(key, "layer"))
        drawn = jax.random.normal(named(key, "codes"), (settings.codes, width))
        self.vectors, self.sums, self.counts = Code(drawn), Code(drawn), Code(jnp.ones(settings.codes))
        self.numbers = Code(jnp.stack([jnp.float32(settings.commitment), jnp.float32(settings.decay)]))

    @property
    def codebook(self) -> VectorCodes:
        """The codes."""
        return VectorCodes(self.vectors[...], self.positions)

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> QuantisedVectors:
        """Return the point of each example, and update the codes."""
        encoded = self.layer(features)
        flat = encoded.reshape(len(encoded) * self.positions, -1)
        vectors = self.vectors[...]
        distances = jnp.sum(vectors**2, axis=1) - 2 * flat @ vectors.T
        chosen = jnp.argmin(distances, axis=1)
        quantised = vectors[chosen].reshape(encoded.shape)
        commitment, decay = self.numbers[...]
        penalty = commitment * jnp.sum((encoded - jax.lax.stop_gradient(quantised)) ** 2, axis=1)
        self._update(jax.lax.stop_gradient(flat), chosen, decay)
        z = encoded + jax.lax.stop_gradient(quantised - encoded)
        return QuantisedVectors(z, penalty, VectorCodes(vectors, self.positions))

    def _update(self, flat: Float[Array, "n width"], chosen: Int32[Array, " n"], decay: Float[Array, ""]) -> None:
        """Move each code towards the mean of the vectors that chose it."""
        hits = jax.nn.one_hot(chosen, len(self.vectors[...]))
        self.counts[...] = decay * self.counts[...] + (1 - decay) * jnp.sum(hits, axis=0)
        self.sums[...] = decay * self.sums[...] + (1 - decay) * hits.T @ flat
        total, codes = jnp.sum(self.counts[...]), len(self.counts[...])
        smoothed = (self.counts[...] + 1e-5) / (total + codes * 1e-5) * total  # no division by zero for unused codes
        self.vectors[...] = self.sums[...] / smoothed[:, None]
