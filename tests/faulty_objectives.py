"""Objectives that fail where they are told to, under names that a test registers for its time."""

from contextlib import contextmanager
from dataclasses import dataclass

import jax.numpy as jnp

from vae_jax.config.checks import number
from vae_jax.core.registry import Origin
from vae_jax.core.traced import Count
from vae_jax.objectives import OBJECTIVES
from vae_jax.objectives.elbo import ELBO


class NoNumber(ELBO):
    """The ELBO, whose loss is no number from one step to another."""

    @dataclass(frozen=True)
    class Settings:
        """The first and the last such step."""

        first: Count = number(0, low=0)
        last: Count = number(0, low=0)

    def __init__(self, settings, build):
        super().__init__(None, build)
        self.first, self.last = settings.first, settings.last

    def loss(self, means, step):
        """Add what is no number."""
        loss, metrics = super().loss(means, step)
        wrong = jnp.where((step >= self.first) & (step <= self.last), jnp.nan, 0.0)
        return loss + wrong, metrics | {"loss": metrics["loss"] + wrong}


class Steep(ELBO):
    """The ELBO, and the square root of 0: its gradient is infinite, and its value is not."""

    def terms(self, model, own, batch, noise, step):
        """Add it."""
        found = super().terms(model, own, batch, noise, step)
        bias = model.encoder.layers.layers[0].bias[...]
        return found | {"distortion": found["distortion"] + jnp.sqrt(jnp.abs(bias - bias)).sum()}


@contextmanager
def registered():
    """Let configs say `objective.name=no_number` and `steep` for a time."""
    parts = {"no_number": NoNumber, "steep": Steep}
    for name, part in parts.items():
        OBJECTIVES.add(name, part, Origin(__name__, __file__))
    try:
        yield
    finally:
        for name in parts:
            OBJECTIVES.forget(name)
