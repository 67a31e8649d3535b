"""Parts built alone, as a program builds them."""

import dataclasses

import jax
import jax.numpy as jnp
from small_runs import small_config

from vae_jax.config.parts import settings_of
from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.build import build_model
from vae_jax.models.contracts import Batch, Build
from vae_jax.objectives import OBJECTIVES
from vae_jax.objectives.contracts import ObjectiveBuild

SHAPE = (4, 4, 1)
PIXELS = 16
KEY = jax.random.key(7)


def small_build(size=3, count=None, *, shape=SHAPE, condition=0, **sections):
    """What a part is built with; `count` of the `size` units are the member's."""
    config = small_config(**sections)
    # The schedules' names are their places inside a program.
    objective = dataclasses.replace(config.objective, warmup=jnp.int32(0), warmup_steps=1)
    config = dataclasses.replace(config, objective=objective)
    return Build(config, shape, Units(size, size if count is None else count), condition, features=5)


def small_model(size=3, count=None, **settings):
    """A whole model."""
    return build_model(small_build(size, count, **settings), KEY)


def small_objective(build, batch_size=6, images=50):
    """The objective of a build's config."""
    config = build.config
    whole = ObjectiveBuild(config, build.units, batch_size, images, PIXELS, 0.0)
    return OBJECTIVES[config.objective.name](settings_of(config, "objective"), whole)


def small_batch(n=6, condition=None):
    """Grey pictures."""
    return Batch(jax.random.uniform(jax.random.key(1), (n, *SHAPE)), condition, jnp.arange(n))


def training_noise(batch, seed=0):
    """What a step draws."""
    return Noise(jax.random.key(seed), batch)
