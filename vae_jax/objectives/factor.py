"""FactorVAE: the total correlation, estimated by a critic."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.config.checks import limited, number
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.traced import Number
from vae_jax.core.units import Units
from vae_jax.models.contracts import Batch, Model
from vae_jax.models.dense import dense_layer, linear
from vae_jax.models.initialisers import INITIALISERS, tail_init
from vae_jax.models.softplus import softplus
from vae_jax.objectives.contracts import Means, Metrics, Scalar, Terms
from vae_jax.objectives.elbo import elbo_terms
from vae_jax.objectives.within_batch import WithinBatch


class Critic(nnx.Module):
    """Distinguishes latents of the model from latents whose units come from different images."""

    def __init__(self, hidden: tuple[int, ...], units: Units, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each unit."""
        init, (first, *others) = INITIALISERS["lecun"], (*hidden, 1)
        kernel_init, bias_init = tail_init(init, units.size, units.mask)
        self.stem = dense_layer(units.size, first, kernel_init, bias_init, named(key, "units"))
        sizes = [first, *others]
        self.layers = nnx.List(
            [linear(sizes[k], size, init, named(key, f"layer_{k}")) for k, size in enumerate(others)]
        )

    def __call__(self, z: Float[Array, "batch units"]) -> Float[Array, " batch"]:
        """Return the log odds that latents are the model's."""
        y: Array = self.stem(z)
        for layer in self.layers:
            y = layer(jax.nn.leaky_relu(y, 0.2))
        return y[:, 0]


class Factor(WithinBatch):
    """The ELBO, and `strength` times the total correlation (Kim and Mnih 2018, arXiv:1802.05983, eq. 2).

    The critic is trained together with the model, with its own Adam. Samples of the product of marginals are made by
    permuting each unit within the same batch (algorithm 2 of the paper takes a second batch).
    """

    @dataclass(frozen=True)
    class Settings:
        """The weight, and the critic.

        Attributes:
            strength: the weight of the total correlation, gamma in the paper.
            hidden: units of the critic's hidden layers.
            learning_rate: the critic's.
        """

        strength: Number = number(10.0, low=0)
        hidden: tuple[int, ...] = limited((256, 256), low=1, high=100_000)
        learning_rate: Number = number(1e-4, above=0)

    def own(self, key: Key[Array, ""], model: Model) -> nnx.Module | None:
        """Return the critic."""
        return Critic(self.settings.hidden, model.units, key)

    def optimiser(self) -> optax.GradientTransformation:
        """Return the critic's Adam, with the paper's decay rates."""
        return optax.adam(self.settings.learning_rate, b1=0.5, b2=0.9)

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the terms of the ELBO, the total correlation and the critic's loss of each example."""
        assert isinstance(own, Critic), "the own module is the critic"
        inference = model.infer(batch.x, batch.condition, noise, self.build.config.objective.samples)
        z = inference.z[0]
        graph, weights = nnx.split(own)
        fixed = nnx.merge(graph, jax.tree.map(jax.lax.stop_gradient, weights))
        order = noise.permutation("critic", model.units)
        true, mixed = jax.lax.stop_gradient(z), jnp.take_along_axis(jax.lax.stop_gradient(z), order, axis=0)
        critic = 0.5 * (softplus(-own(true)) + softplus(own(mixed)))
        return elbo_terms(model, batch, inference) | {"total_correlation": fixed(z), "critic": critic}

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Add the total correlation and the critic's loss, which updates the critic only; `loss` is the model's."""
        _, metrics = super().loss(means, step)
        correlation, critic = means["total_correlation"], means["critic"]
        weight = self.settings.strength
        if self.build.config.objective.reduction == "blog":
            weight = weight / self.build.pixels  # as recon is
        loss = metrics["loss"] + weight * correlation
        return loss + critic, metrics | {"loss": loss, "total_correlation": correlation, "critic": critic}
