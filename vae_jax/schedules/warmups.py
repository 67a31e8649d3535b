"""Warm-up schedules of beta_kl, the weight of the KL term: pure functions of the step.

A schedule maps the progress `t` in [0, 1] of the warm-up to a fraction of beta_kl. `beta_kl_at` adds what all have in
common: the delay before the warm-up, its length, and the full weight after it.
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
    """The full weight from the first step."""
    return jnp.ones_like(t)


def linear(t: Share, cycles: Cycles) -> Share:
    """A linear rise (Bowman et al. 2016, arXiv:1511.06349); `delayed` is this after a delay, as in the post."""
    return t


def sigmoid(t: Share, cycles: Cycles) -> Share:
    """A logistic rise over ±6 of its argument, rescaled to run from exactly 0 to exactly 1."""
    edge = 1 / (1 + jnp.exp(6.0))
    return (1 / (1 + jnp.exp(-12 * (t - 0.5))) - edge) / (1 - 2 * edge)


def cosine(t: Share, cycles: Cycles) -> Share:
    """Half a cosine wave, with slope 0 at both ends."""
    return (1 - jnp.cos(jnp.pi * t)) / 2


def cyclical(t: Share, cycles: Cycles) -> Share:
    """`cycles` times a linear rise for half of the cycle, then the full weight (Fu et al. 2019, arXiv:1903.10145)."""
    within = cycles * t - jnp.floor(cycles * t)
    return jnp.where(t >= 1, 1.0, jnp.minimum(1.0, 2 * within))


SCHEDULES: Registry[Callable[[Share, Cycles], Share]] = Registry(
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
    """Return settings with the delay and the length of the warm-up in steps.

    Args:
        config: a member's settings. `warmup_steps` 0 means half of the run, or all steps after the delay for `delayed`
            and `cyclical`; `warmup_delay` 0 means half of the run for `delayed`, else no delay.
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
        objective: traced settings; `warmup` is the schedule's index in `SCHEDULES`.
    """
    t = jnp.clip((step - objective.warmup_delay) / objective.warmup_steps, 0.0, 1.0)
    # All are computed and one is selected: a few scalar operations cost less than a branch in the compiled program.
    cycles = jnp.asarray(objective.warmup_cycles)
    heights = jnp.stack([jnp.asarray(shape(t, cycles), jnp.float32) for shape in SCHEDULES.values()])
    return objective.beta_kl * heights[objective.warmup]
