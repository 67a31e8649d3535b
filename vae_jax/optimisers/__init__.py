"""Optimisers by name: how the weights move."""

from functools import partial
from typing import Protocol, runtime_checkable

import optax

from vae_jax.config.checks import is_off
from vae_jax.config.parts import settings_of
from vae_jax.config.schema import Config
from vae_jax.core.registry import Registry
from vae_jax.optimisers.adam import Adam
from vae_jax.optimisers.adamw import AdamW
from vae_jax.optimisers.skipping import skippable
from vae_jax.schedules.rates import rate_at


@runtime_checkable
class Optimiser(Protocol):
    """The settings of an optimiser, a frozen dataclass; its numbers may be traced.

    Where it says `is_skippable = True`, its transformation takes `sound` as `skippable` says, and keeps its own state.
    """

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the updates at a rate of the step."""
        ...


OPTIMISERS: Registry[type[Optimiser]] = Registry("config.optimiser.name", {"adam": Adam, "adamw": AdamW})


def optimiser_of(config: Config) -> optax.GradientTransformationExtraArgs:
    """Return what turns gradients into updates of the weights, clipping and schedule included.

    Args:
        config: traced settings.

    Returns:
        its `update` takes `sound`: where it is false, its state stays as it is.
    """
    chosen: Optimiser = settings_of(config, "optimiser")
    moves = chosen.transformation(partial(rate_at, optimiser=config.optimiser))
    if not getattr(chosen, "is_skippable", False):
        moves = skippable(moves)
    if is_off(config.optimiser.clip):
        return optax.with_extra_args_support(moves)
    return optax.chain(optax.clip_by_global_norm(config.optimiser.clip), moves)
