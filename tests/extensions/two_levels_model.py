"""A third-party model of two levels, both inferred from the image; the lower one's prior follows the upper one."""

import dataclasses

import jax
import jax.numpy as jnp
from flax import nnx

import vae_jax
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Codes, Inference
from vae_jax.models.ladder import Conditional
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.models.vae import VAE

UPPER = Units(2, 2)


def of_level(noise, level):
    """The draws of a level."""
    return dataclasses.replace(noise, key=named(noise.key, level))


@vae_jax.register("model", "two_levels")
class TwoLevels(VAE):
    """p(upper) p(lower|upper) p(x|lower), and q(lower|x) q(upper|x) with two upper units."""

    def __init__(self, settings, build, key):
        super().__init__(settings, build, key)
        self.up = nnx.Linear(self.encoder.features, 4, rngs=nnx.Rngs(params=named(key, "up")))
        self.down = Conditional(UPPER, 16, build, named(key, "down"))

    lower = VAE.units

    @property
    def units(self):
        return Units(self.size + 2, self.size + 2)

    def posteriors(self, x, condition):
        features = self.encoder(x, condition)
        mu, s = jnp.split(self.up(features), 2, axis=1)
        return self.posterior(features, self.lower), DiagonalGaussian(mu, 1e-6 + jax.nn.softplus(s), UPPER)

    def infer(self, x, condition, noise, k):
        q, q_upper = self.posteriors(x, condition)
        (z, log_q), (u, log_u) = q.sample(of_level(noise, "l"), k), q_upper.sample(of_level(noise, "u"), k)
        log_p = self.down(u, self.lower, condition).log_prob(z) + StandardNormal(UPPER).log_prob(u)
        return Inference(jnp.concatenate([z, u], -1), log_q + log_u, log_p, None, None, None, None)

    def decode(self, z, condition):
        return super().decode(z[..., : self.size], condition)

    def sample_prior(self, noise, condition):
        u = StandardNormal(UPPER).sample(of_level(noise, "u"), 1)[0][0]
        z = self.down(u, self.lower, condition).sample(of_level(noise, "l"), 1)[0][0]
        return jnp.concatenate([z, u], -1)

    def codes(self, x, condition):
        return Codes(jnp.concatenate([q.centre() for q in self.posteriors(x, condition)], -1), None)
