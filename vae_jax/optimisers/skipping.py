"""Updates of the weights that can be left out of a step without a trace."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool

Tree = Any  # of arrays: Optax's own names for it can't be checked at run time in all its versions


def skippable(transformation: optax.GradientTransformation) -> optax.GradientTransformationExtraArgs:
    """Return a transformation whose `update` takes `sound`: where it is false, its state stays as it is.

    Args:
        transformation: any of Optax. Its state is walked through once more in each step; `scale_by_adam` of this
            package keeps its own at no cost.
    """

    def update(
        updates: Tree,
        state: Tree,
        params: Tree = None,
        *,
        sound: Bool[Array, ""],
        **_: Any,
    ) -> tuple[Tree, Tree]:
        moved, new = transformation.update(updates, state, params)
        return moved, jax.tree.map(lambda now, before: jnp.where(sound, now, before), new, state)

    return optax.GradientTransformationExtraArgs(transformation.init, update)
