"""How the weight of the KL term rises: pure functions of the step.

A schedule is a shape, a function from the progress `t` in [0, 1] of the rise to a height in [0, 1]. What they
share (the delay before, the length, staying at the height after) is `beta_kl_at`'s.
"""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from vae_jax.config.schema import Config, ObjectiveConfig
from vae_jax.core.registry import Registry

Share = Float[Array, ""]
Cycles = Int[Array, ""]


def constant(t: Share, cycles: Cycles) -> Share:
    """Full height from the first step."""
    del cycles
    return jnp.ones_like(t)


def linear(t: Share, cycles: Cycles) -> Share:
    """A straight rise (Bowman et al. 2016, arXiv:1511.06349); `delayed` is this after a wait, as in the post."""
    del cycles
    return t


def sigmoid(t: Share, cycles: Cycles) -> Share:
    """A logistic rise over ±6 of its argument, stretched to run from exactly 0 to exactly 1."""
    del cycles
    edge = 1 / (1 + jnp.exp(6.0))
    return (1 / (1 + jnp.exp(-12 * (t - 0.5))) - edge) / (1 - 2 * edge)


def cosine(t: Share, cycles: Cycles) -> Share:
    """Half a cosine wave: level at both ends."""
    del cycles
    return (1 - jnp.cos(jnp.pi * t)) / 2


def cyclical(t: Share, cycles: Cycles) -> Share:
    """`cycles` times: rise in a line for half of the cycle, then stay (Fu et al. 2019, arXiv:1903.10145)."""
    within = cycles * t - jnp.floor(cycles * t)
    return jnp.where(t >= 1, 1.0, jnp.minimum(1.0, 2 * within))


Shape = Callable[[Share, Cycles], Share]

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


def with_lengths(config: Config, total: int) -> Config:
    """Return settings in which the delay and the length of the rise are numbers of steps.

    Args:
        config: a member's settings; 0 in `warmup_steps` means half of the run, or all that is left of it after the
            delay for `delayed` and `cyclical`, and 0 in `warmup_delay` half of the run for `delayed`, else none.
        total: steps of the run.
    """
    objective = config.objective
    steps, delay = int(objective.warmup_steps), int(objective.warmup_delay)
    if objective.warmup == "delayed":
        delay = delay or total // 2
    if objective.warmup in ("delayed", "cyclical"):
        steps = steps or total - delay
    steps = max(1, steps or total // 2)
    return dataclasses.replace(config, objective=dataclasses.replace(objective, warmup_steps=steps, warmup_delay=delay))


def beta_kl_at(step: Int[Array, ""], objective: ObjectiveConfig) -> Float[Array, ""]:
    """Return the weight of the KL term at one step.

    Args:
        step: how many steps have been taken.
        objective: traced settings, `warmup` the schedule's place in `SCHEDULES`.
    """
    t = jnp.clip((step - objective.warmup_delay) / objective.warmup_steps, 0.0, 1.0)
    # All are computed and one is taken: a few scalar operations cost less than a branch of the compiled program.
    cycles = jnp.asarray(objective.warmup_cycles)
    heights = jnp.stack([jnp.asarray(shape(t, cycles), jnp.float32) for shape in SCHEDULES.values()])
    return objective.beta_kl * heights[objective.warmup]
