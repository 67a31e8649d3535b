"""How the weight of the KL term rises: pure functions of the step.

A schedule is a shape, a function from the progress `t` in [0, 1] of the rise to a height in [0, 1]. What they
share (the delay before, the length, staying at the height after) is `beta_kl_at`'s.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from vae_jax.registry import Registry

Progress = Float[Array, ""]
Cycles = Int[Array, ""]


def constant(t: Progress, cycles: Cycles) -> Progress:
    """Full height from the first step."""
    del cycles
    return jnp.ones_like(t)


def linear(t: Progress, cycles: Cycles) -> Progress:
    """A straight rise (Bowman et al. 2016, arXiv:1511.06349); `delayed` is this after a wait, as in the post."""
    del cycles
    return t


def sigmoid(t: Progress, cycles: Cycles) -> Progress:
    """A logistic rise over ±6 of its argument, stretched to run from exactly 0 to exactly 1."""
    del cycles
    edge = 1 / (1 + jnp.exp(6.0))
    return (1 / (1 + jnp.exp(-12 * (t - 0.5))) - edge) / (1 - 2 * edge)


def cosine(t: Progress, cycles: Cycles) -> Progress:
    """Half a cosine wave: level at both ends."""
    del cycles
    return (1 - jnp.cos(jnp.pi * t)) / 2


def cyclical(t: Progress, cycles: Cycles) -> Progress:
    """`cycles` times: rise in a line for half of the cycle, then stay (Fu et al. 2019, arXiv:1903.10145)."""
    within = cycles * t - jnp.floor(cycles * t)
    return jnp.where(t >= 1, 1.0, jnp.minimum(1.0, 2 * within))


Shape = Callable[[Progress, Cycles], Progress]

SCHEDULES: Registry[Shape] = Registry(
    "config.objective.warmup",
    {
        "constant": constant,
        "linear": linear,
        "delayed": linear,
        "sigmoid": sigmoid,
        "cosine": cosine,
        "cyclical": cyclical,
    },
)


def rise(warmup: str, steps: int, delay: int, total: int) -> tuple[int, int]:
    """Say where a run's rise begins and how long it takes.

    Args:
        warmup: the schedule's name.
        steps: the rise's length in steps as configured; 0 means half of the run, or all that is left of it
            after the delay for `delayed`, or all of it for `cyclical`.
        delay: steps before it as configured; 0 means half of the run for `delayed`, else none.
        total: steps of the run.

    Returns:
        delay and length, in steps; the length is at least 1.
    """
    if warmup == "delayed":
        delay = delay or total // 2
        steps = steps or total - delay
    elif warmup == "cyclical":
        steps = steps or total - delay
    return delay, max(1, steps or total // 2)


def number_of(warmup: str) -> int:
    """Number a schedule, for `beta_kl_at`.

    Raises:
        UserError: it is not registered.
    """
    _ = SCHEDULES[warmup]
    return list(SCHEDULES).index(warmup)


def beta_kl_at(
    step: Int[Array, ""],
    *,
    warmup: Int[Array, ""],
    beta_kl: Float[Array, ""],
    delay: Int[Array, ""],
    length: Int[Array, ""],
    cycles: Int[Array, ""],
) -> Float[Array, ""]:
    """Return the weight of the KL term at one step.

    Args:
        step: how many steps have been taken.
        warmup: the schedule's number (`number_of`).
        beta_kl: the height that it reaches.
        delay: steps at 0 before the rise.
        length: steps of the rise.
        cycles: for `cyclical`.
    """
    t = jnp.clip((step - delay) / length, 0.0, 1.0)
    height: Float[Array, ""] = jax.lax.switch(warmup, list(SCHEDULES.values()), t, cycles)
    return beta_kl * height
