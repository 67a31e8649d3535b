"""Optimisers by name."""

from functools import partial
from typing import Protocol, runtime_checkable

import optax

from vae_jax.config.checks import is_off
from vae_jax.config.parts import settings_of
from vae_jax.config.schema import Config
from vae_jax.core.registry import Registry
from vae_jax.optimisers.adam import Adam
from vae_jax.optimisers.adamax import Adamax
from vae_jax.optimisers.adamw import AdamW
from vae_jax.optimisers.rmsprop import RMSProp
from vae_jax.optimisers.sgd import SGD
from vae_jax.optimisers.skipping import skippable
from vae_jax.schedules.rates import rate_at


@runtime_checkable
class Optimiser(Protocol):
    """The settings of an optimiser, a frozen dataclass; its numbers may be traced.

    With `is_skippable = True` its transformation takes `sound` itself, as that of `skippable` does.
    """

    def transformation(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Return the Optax transformation; the learning rate is a function of the step."""


OPTIMISERS: Registry[type[Optimiser]] = Registry(
    "config.optimiser.name", {"adam": Adam, "adamax": Adamax, "adamw": AdamW, "rmsprop": RMSProp, "sgd": SGD}
)


def optimiser_of(config: Config) -> optax.GradientTransformationExtraArgs:
    """Return the transformation from gradients to updates, including clipping and the learning rate schedule.

    Args:
        config: traced settings.

    Returns:
        its `update` takes `sound`: if false, its state stays unchanged.
    """
    chosen: Optimiser = settings_of(config, "optimiser")
    transformation = chosen.transformation(partial(rate_at, optimiser=config.optimiser))
    if not getattr(chosen, "is_skippable", False):
        transformation = skippable(transformation)
    if is_off(config.optimiser.clip):
        return optax.with_extra_args_support(transformation)
    return optax.chain(optax.clip_by_global_norm(config.optimiser.clip), transformation)
