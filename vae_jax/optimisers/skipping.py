"""Optimiser steps that can be skipped without changing the optimiser's state."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool

Tree = Any  # of arrays: Optax's own type aliases can't be checked at run time in all its versions


def skippable(transformation: optax.GradientTransformation) -> optax.GradientTransformationExtraArgs:
    """Return a transformation whose `update` takes `sound`: if false, its state stays unchanged.

    Args:
        transformation: any of Optax. Its state is read once more in each step; `scale_by_adam` of this package avoids
            that.
    """

    def update(
        updates: Tree, state: Tree, params: Tree = None, *, sound: Bool[Array, ""], **_: Any
    ) -> tuple[Tree, Tree]:
        moved, new = transformation.update(updates, state, params)
        return moved, jax.tree.map(lambda now, before: jnp.where(sound, now, before), new, state)

    return optax.GradientTransformationExtraArgs(transformation.init, update)
