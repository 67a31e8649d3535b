"""Two levels of latent units, the lower given the upper."""

import dataclasses
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.config.parts import settings_of
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.units import UnitCount, Units
from vae_jax.models.contracts import Build, Codes, Condition, Images, Inference, PixelDistribution
from vae_jax.models.decoders import DECODERS
from vae_jax.models.dense import ACTIVATIONS, DenseStack, UnitHead, UnitStem
from vae_jax.models.encoders import ENCODERS
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.models.posteriors.diagonal_gaussian import SIGMA_FLOOR


class Conditional(nnx.Module):
    """A normal of some units given others: two dense hidden layers between them."""

    def __init__(self, given: Units, hidden: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights; `build.units` are those of the result."""
        self.activation = ACTIVATIONS[build.config.model.activation]
        self.stem = UnitStem(hidden, dataclasses.replace(build, units=given), named(key, "stem"))
        self.hidden = DenseStack(hidden, (hidden,), build, named(key, "hidden"))
        self.head = UnitHead(2, dataclasses.replace(build, features=hidden), named(key, "head"))

    def __call__(self, given: Float[Array, "*lead given"], units: Units, condition: Condition) -> DiagonalGaussian:
        """Return the normal of each point."""
        flat = given.reshape(-1, given.shape[-1])
        told = condition
        if condition is not None:
            told = jnp.broadcast_to(condition, (*given.shape[:-1], condition.shape[-1])).reshape(len(flat), -1)
        mu, s = self.head(self.hidden(self.activation(self.stem(flat, told))))
        mu, s = (y.reshape(*given.shape[:-1], -1) for y in (mu, s))
        return DiagonalGaussian(mu, SIGMA_FLOOR + jax.nn.softplus(s), units)


class Ladder(nnx.Module):
    """p(upper) p(lower|upper) p(x|lower), and q(lower|x) q(upper|lower); all normal (Rezende et al. 2014).

    The latents of an example are the upper units and the lower ones side by side, so that the places that a member does
    not have come last. The prior and the posterior of the config belong to models of one level and are not used.
    """

    unused = ("posterior", "prior")

    @dataclass(frozen=True)
    class Settings:
        """The upper level.

        Attributes:
            upper_dim: its units; `model.latent_dim` counts the lower ones.
            hidden: units of the layers between the levels.
        """

        upper_dim: int = limited(2, low=1, high=10_000)
        hidden: int = limited(64, low=1, high=100_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, each part's from a key of its own."""
        model, upper = build.config.model, Units(settings.upper_dim, settings.upper_dim)
        self.size, self.upper_size = build.units.size, settings.upper_dim
        self.count = UnitCount(jnp.asarray(build.units.count, jnp.int32))
        own = {kind: settings_of(build.config, kind) for kind in ("likelihood", "encoder", "decoder")}
        self.likelihood = LIKELIHOODS[model.likelihood](own["likelihood"], build, named(key, "likelihood"))
        self.encoder = ENCODERS[model.encoder](own["encoder"], build, named(key, "encoder"))
        build = dataclasses.replace(build, features=self.encoder.features, outputs=self.likelihood.outputs)
        self.head = UnitHead(2, build, named(key, "posterior"))
        up = dataclasses.replace(build, units=upper)
        self.up = Conditional(build.units, settings.hidden, up, named(key, "up"))
        self.down = Conditional(upper, settings.hidden, build, named(key, "down"))
        self.decoder = DECODERS[model.decoder](own["decoder"], build, named(key, "decoder"))

    @property
    def lower(self) -> Units:
        """The units of the lower level."""
        return Units(self.size, self.count[...])

    @property
    def upper(self) -> Units:
        """The units of the upper level."""
        return Units(self.upper_size, self.upper_size)

    @property
    def units(self) -> Units:
        """The units of both levels, the upper ones first."""
        return Units(self.upper_size + self.size, self.upper_size + self.count[...])

    def infer(self, x: Images, condition: Condition, noise: Noise, k: int) -> Inference:
        """Infer both levels; the rates are those of each unit, averaged over the samples.

        A lower unit's rate is log q - log p of its samples: it has no closed form, as the upper level that p is given
        depends on the sample. An upper unit's is its KL given the lower level's sample.
        """
        q_lower = self._lower_of(x, condition)
        lower, log_q_lower = q_lower.sample(_renamed(noise, "lower"), k)
        q_upper = self.up(lower, self.upper, condition)
        upper, log_q_upper = q_upper.sample(_renamed(noise, "upper"), k)
        p_upper, p_lower = StandardNormal(self.upper), self.down(upper, self.lower, condition)
        of_upper = jnp.asarray(q_upper.kl(p_upper))
        of_lower = q_lower.unit_log_prob(lower) - p_lower.unit_log_prob(lower)
        rates = jnp.mean(jnp.concatenate([of_upper, of_lower], axis=-1), axis=0)
        log_p = p_lower.log_prob(lower) + p_upper.log_prob(upper)
        z = jnp.concatenate([upper, lower], axis=-1)
        return Inference(z, log_q_lower + log_q_upper, log_p, rates, None, None, None)

    def decode(self, z: Float[Array, "*lead units"], condition: Condition) -> PixelDistribution:
        """Return p(x|lower), whatever the upper level is."""
        lower = z[..., self.upper_size :]
        flat, told = lower.reshape(-1, self.size), condition
        if condition is not None:
            told = jnp.broadcast_to(condition, (*z.shape[:-1], condition.shape[-1])).reshape(len(flat), -1)
        outputs = self.decoder(flat, told)
        return self.likelihood(outputs.reshape(*z.shape[:-1], *outputs.shape[1:]))

    def sample_prior(self, noise: Noise, condition: Condition) -> Float[Array, "n units"]:
        """Draw the upper level, and the lower one given it."""
        upper = StandardNormal(self.upper).sample(_renamed(noise, "upper"), 1)[0][0]
        lower = self.down(upper, self.lower, condition).sample(_renamed(noise, "lower"), 1)[0][0]
        return jnp.concatenate([upper, lower], axis=-1)

    def codes(self, x: Images, condition: Condition) -> Codes:
        """Return the means of both levels, the upper one's given that of the lower."""
        lower = self._lower_of(x, condition)
        upper = self.up(lower.centre(), self.upper, condition)
        return Codes(
            jnp.concatenate([upper.centre(), lower.centre()], axis=-1),
            jnp.concatenate([upper.scale(), lower.scale()], axis=-1),
        )

    def _lower_of(self, x: Images, condition: Condition) -> DiagonalGaussian:
        mu, s = self.head(self.encoder(x, condition))
        return DiagonalGaussian(mu, SIGMA_FLOOR + jax.nn.softplus(s), self.lower)


def _renamed(noise: Noise, level: str) -> Noise:
    """Return the draws of a level, which has its own."""
    return dataclasses.replace(noise, key=named(noise.key, level))
