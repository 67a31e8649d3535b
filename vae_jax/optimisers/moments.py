"""Adam's moments, for which a step that is left out never was."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool

from vae_jax.core.traced import Number

Tree = Any  # of arrays: Optax's own names for it can't be checked at run time in all its versions


def scale_by_adam(b1: Number, b2: Number, eps: Number) -> optax.GradientTransformationExtraArgs:
    """Adam's direction, before the learning rate, as `optax.scale_by_adam` gives it (Kingma and Ba 2015).

    Its `update` takes `sound`, a boolean scalar: where it is false the state stays as it is, moments and count, and
    the direction means nothing.

    The moments are kept where they are made: the direction is computed from the kept ones. To keep the new state or the
    old one after Optax's own update would cost a tenth to two fifths of a step: both would be walked through once more.

    Args:
        b1, b2: decay rates of the first and the second moment.
        eps: keeps it from dividing by zero.
    """

    def update(
        updates: Tree,
        state: optax.ScaleByAdamState,
        params: Tree = None,
        *,
        sound: Bool[Array, ""],
        **_: Any,
    ) -> tuple[Tree, optax.ScaleByAdamState]:
        del params

        def kept(new: Array, old: Array) -> Array:
            return jnp.where(sound, new, old)

        mu = jax.tree.map(kept, optax.tree.update_moment(updates, state.mu, b1, 1), state.mu)
        nu = jax.tree.map(kept, optax.tree.update_moment_per_elem_norm(updates, state.nu, b2, 2), state.nu)
        count = optax.safe_increment(state.count)
        mean, square = optax.tree.bias_correction(mu, b1, count), optax.tree.bias_correction(nu, b2, count)
        direction = jax.tree.map(lambda m, v: m / (jnp.sqrt(v) + eps), mean, square)
        return direction, optax.ScaleByAdamState(kept(count, state.count), mu, nu)

    return optax.GradientTransformationExtraArgs(optax.scale_by_adam(b1, b2, eps).init, update)
