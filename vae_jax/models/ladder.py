"""A hierarchical VAE of two levels."""

import dataclasses
from dataclasses import dataclass

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
from vae_jax.models.dense import ACTIVATIONS, DenseStack, UnitHead, UnitStem, flattened
from vae_jax.models.encoders import ENCODERS
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.normals import DiagonalGaussian, StandardNormal, gaussian_of


class Conditional(nnx.Module):
    """A diagonal normal of one level given another, with two dense hidden layers between them."""

    def __init__(self, given: Units, hidden: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights; `build.units` are the units of the result."""
        self.activation = ACTIVATIONS[build.config.model.activation]
        self.stem = UnitStem(hidden, dataclasses.replace(build, units=given), named(key, "stem"))
        self.hidden = DenseStack(hidden, (hidden,), build, named(key, "hidden"))
        self.head = UnitHead(2, dataclasses.replace(build, features=hidden), named(key, "head"))

    def __call__(self, given: Float[Array, "*lead given"], units: Units, condition: Condition) -> DiagonalGaussian:
        """Return the normal of each point."""
        outputs = self.head(self.hidden(self.activation(self.stem(*flattened(given, condition)))))
        return gaussian_of(tuple(y.reshape(*given.shape[:-1], -1) for y in outputs), units)


class Ladder(nnx.Module):
    """p(upper) p(lower|upper) p(x|lower), and q(lower|x) q(upper|lower); all normal (Rezende et al. 2014).

    The latents of an example are the upper units followed by the lower ones, so that masked units come last. The
    config's prior and posterior belong to models of one level and are not used.
    """

    unused = ("posterior", "prior")

    @dataclass(frozen=True)
    class Settings:
        """The upper level.

        Attributes:
            upper_dim: units of the upper level; `model.latent_dim` are those of the lower one.
            hidden: units of the layers between the levels.
        """

        upper_dim: int = limited(2, low=1, high=10_000)
        hidden: int = limited(64, low=1, high=100_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each part."""
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
        """Infer both levels, with the rate of each unit averaged over the samples.

        A lower unit's rate is log q - log p of its samples: the KL has no closed form, as p is conditioned on the
        sampled upper level. An upper unit's rate is its KL given the sampled lower level.
        """
        q_lower = self._lower_of(x, condition)
        lower, log_q_lower = q_lower.sample(_of_level(noise, "lower"), k)
        q_upper = self.up(lower, self.upper, condition)
        upper, log_q_upper = q_upper.sample(_of_level(noise, "upper"), k)
        p_upper, p_lower = StandardNormal(self.upper), self.down(upper, self.lower, condition)
        of_upper = jnp.asarray(q_upper.kl(p_upper))
        of_lower = q_lower.unit_log_prob(lower) - p_lower.unit_log_prob(lower)
        rates = jnp.mean(jnp.concatenate([of_upper, of_lower], axis=-1), axis=0)
        log_p = p_lower.log_prob(lower) + p_upper.log_prob(upper)
        z = jnp.concatenate([upper, lower], axis=-1)
        return Inference(z, log_q_lower + log_q_upper, log_p, rates, None, None, None)

    def decode(self, z: Float[Array, "*lead units"], condition: Condition) -> PixelDistribution:
        """Return p(x|lower), which does not depend on the upper level."""
        outputs = self.decoder(*flattened(z[..., self.upper_size :], condition))
        return self.likelihood(outputs.reshape(*z.shape[:-1], *outputs.shape[1:]))

    def sample_prior(self, noise: Noise, condition: Condition) -> Float[Array, "n units"]:
        """Draw the upper level, then the lower one given it."""
        upper = StandardNormal(self.upper).sample(_of_level(noise, "upper"), 1)[0][0]
        lower = self.down(upper, self.lower, condition).sample(_of_level(noise, "lower"), 1)[0][0]
        return jnp.concatenate([upper, lower], axis=-1)

    def codes(self, x: Images, condition: Condition) -> Codes:
        """Return the means of both levels, that of the upper level given the lower level's mean."""
        lower = self._lower_of(x, condition)
        upper = self.up(lower.centre(), self.upper, condition)
        return Codes(
            jnp.concatenate([upper.centre(), lower.centre()], axis=-1),
            jnp.concatenate([upper.scale(), lower.scale()], axis=-1),
        )

    def _lower_of(self, x: Images, condition: Condition) -> DiagonalGaussian:
        return gaussian_of(self.head(self.encoder(x, condition)), self.lower)


def _of_level(noise: Noise, level: str) -> Noise:
    """Return noise that is independent of the other level's."""
    return dataclasses.replace(noise, key=named(noise.key, level))
