"""A third-party objective with a critic: adversarial autoencoders (Makhzani et al. 2015, arXiv:1511.05644)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx

import vae_jax
from vae_jax.config.checks import number
from vae_jax.core.traced import Number
from vae_jax.objectives.factor import Critic


@vae_jax.register("objective", "adversarial")
class Adversarial:
    """The distortion, and how well a critic tells codes from the prior's draws; no KL at all."""

    @dataclass(frozen=True)
    class Settings:
        """The game.

        Attributes:
            strength: the weight of being found out.
            learning_rate: the critic's.
        """

        strength: Number = number(1.0, low=0)
        learning_rate: Number = number(1e-3, above=0)

    def __init__(self, settings, build):
        self.settings = settings

    def own(self, key, model):
        """The critic."""
        return Critic((16,), model.units, key)

    def optimiser(self):
        """The critic's."""
        return optax.adam(self.settings.learning_rate)

    def terms(self, model, own, batch, noise, step):
        """Per example; the critic's weights are held fixed where the model learns, and the codes where it does."""
        z = model.infer(batch.x, batch.condition, noise, 1).z
        prior = model.sample_prior(noise, batch.condition)
        graph, weights = nnx.split(own)
        fixed = nnx.merge(graph, jax.tree.map(jax.lax.stop_gradient, weights))
        still = jax.lax.stop_gradient
        distortion = -model.decode(z, batch.condition).log_prob(batch.x)[0]
        critic = jax.nn.softplus(-own(still(prior))) + jax.nn.softplus(own(still(z[0])))
        return {"distortion": distortion, "found_out": jax.nn.softplus(-fixed(z[0])), "critic": critic}

    def loss(self, means, step):
        """The model's and the critic's together: each learns from its own."""
        loss = means["distortion"] + self.settings.strength * means["found_out"]
        return loss + means["critic"], {"loss": jnp.asarray(loss), **means}
