"""The moments of Adam and Adamax, unchanged by skipped steps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Int32

from vae_jax.core.traced import Number
from vae_jax.optimisers.skipping import Tree

Kept = Callable[[Tree, Tree], Tree]
Moments = tuple[Tree, Tree]


def scale_by_adam(b1: Number, b2: Number, eps: Number) -> optax.GradientTransformationExtraArgs:
    """Return the same direction as `optax.scale_by_adam`, before the learning rate (Kingma and Ba 2015).

    Its `update` takes `sound`, a boolean scalar: if false, the moments and the count stay unchanged, and the direction
    is meaningless.

    Args:
        b1, b2: decay rates of the first and the second moment.
        eps: added to the denominator.
    """

    def moved(updates: Tree, moments: Moments, kept: Kept) -> Moments:
        mu, nu = moments
        mu = kept(optax.tree.update_moment(updates, mu, b1, 1), mu)
        return mu, kept(optax.tree.update_moment_per_elem_norm(updates, nu, b2, 2), nu)

    def direction(moments: Moments, count: Int32[Array, ""]) -> Tree:
        mean, square = (optax.tree.bias_correction(of, b, count) for of, b in zip(moments, (b1, b2), strict=True))
        return jax.tree.map(lambda m, v: m / (jnp.sqrt(v) + eps), mean, square)

    return _skipping(optax.scale_by_adam(b1, b2, eps), moved, direction)


def scale_by_adamax(b1: Number, b2: Number, eps: Number) -> optax.GradientTransformationExtraArgs:
    """Return the same direction as `optax.scale_by_adamax`, before the learning rate; `update` as of `scale_by_adam`.

    Args:
        b1, b2: decay rates of the first moment and of the largest gradient.
        eps: added to each gradient's size.
    """

    def moved(updates: Tree, moments: Moments, kept: Kept) -> Moments:
        mu, nu = moments
        mu = kept(optax.tree.update_moment(updates, mu, b1, 1), mu)
        return mu, kept(optax.tree.update_infinity_moment(updates, nu, b2, eps), nu)

    def direction(moments: Moments, count: Int32[Array, ""]) -> Tree:
        mean = optax.tree.bias_correction(moments[0], b1, count)
        return jax.tree.map(lambda m, v: m / v, mean, moments[1])

    return _skipping(optax.scale_by_adamax(b1, b2, eps), moved, direction)


def _skipping(
    like: optax.GradientTransformation,
    moved: Callable[[Tree, Moments, Kept], Moments],
    direction: Callable[[Moments, Int32[Array, ""]], Tree],
) -> optax.GradientTransformationExtraArgs:
    """Return a transformation that starts like another, and whose state changes in sound steps only.

    The new or the old moments are selected as they are computed. Selecting them after Optax's own update would read
    both once more, which costs a tenth to two fifths of a step.
    """

    def update(
        updates: Tree, state: optax.ScaleByAdamState, params: Tree = None, *, sound: Bool[Array, ""], **_: Any
    ) -> tuple[Tree, optax.ScaleByAdamState]:
        kept = partial(jax.tree.map, lambda new, old: jnp.where(sound, new, old))
        moments, count = moved(updates, (state.mu, state.nu), kept), optax.safe_increment(state.count)
        return direction(moments, count), optax.ScaleByAdamState(kept(count, state.count), *moments)

    return optax.GradientTransformationExtraArgs(like.init, update)
