"""Objectives by name: what is minimised."""

from collections.abc import Callable

from vae_jax.objectives.contracts import Objective
from vae_jax.objectives.elbo import ELBO
from vae_jax.registry import Registry

OBJECTIVES: Registry[Callable[..., Objective]] = Registry("config.objective.name", {"elbo": ELBO})
