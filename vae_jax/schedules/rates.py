"""Learning rate schedules: pure functions of the step.

A schedule maps the progress `t` in [0, 1] of the decay, and the final fraction `end` of the rate, to the fraction of
the rate at `t`. `rate_at` adds what all have in common: the rise before the decay, and staying at `end` after it.
"""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from vae_jax.config.schema import Config, OptimiserConfig
from vae_jax.core.registry import Registry

Share = Float[Array, ""]


def constant(t: Share, end: Share) -> Share:
    """The full rate to the end."""
    return jnp.ones_like(t)


def linear(t: Share, end: Share) -> Share:
    """A linear decay."""
    return 1 - (1 - end) * t


def cosine(t: Share, end: Share) -> Share:
    """Half a cosine wave (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
    return end + (1 - end) * (1 + jnp.cos(jnp.pi * t)) / 2


def exponential(t: Share, end: Share) -> Share:
    """An exponential decay."""
    return end**t


def staircase(t: Share, end: Share) -> Share:
    """Eight stages of 1, 3, 9, ... 2187 parts of 3280, in stage i 10^(-i/7) of the rate (Burda et al. 2016).

    See arXiv:1509.00519. A decay of 3,280 passes gives the paper's stages of 3^i passes. It ends at a tenth, whatever
    `end` is.
    """
    rounding = 1 - 1.5e-7  # of t, as XLA may divide by multiplying: no stage then begins a step late
    passed = t >= jnp.asarray([rounding * (3**i - 1) / 6560 for i in range(1, 8)], jnp.float32)
    return 10.0 ** (-jnp.sum(passed, dtype=jnp.float32) / 7)


RATES: Registry[Callable[[Share, Share], Share]] = Registry(
    "config.optimiser.schedule",
    {
        "constant": constant,
        "linear": linear,
        "cosine": cosine,
        "exponential": exponential,
        "staircase": staircase,
    },
)


def with_lengths(config: Config, total: int) -> Config:
    """Return settings with the length of the decay in steps; 0 means the rest of the run."""
    optimiser = config.optimiser
    steps = int(optimiser.schedule_steps) or total - int(optimiser.rise_steps)
    return dataclasses.replace(config, optimiser=dataclasses.replace(optimiser, schedule_steps=max(1, steps)))


def rate_at(step: Int[Array, ""], optimiser: OptimiserConfig) -> Float[Array, ""]:
    """Return the learning rate at one step.

    Args:
        step: how many steps have been taken.
        optimiser: traced settings; `schedule` is the schedule's index in `RATES`.
    """
    t = jnp.clip((step - optimiser.rise_steps) / optimiser.schedule_steps, 0.0, 1.0)
    end = jnp.float32(optimiser.schedule_end)
    shares = jnp.stack([jnp.asarray(shape(t, end), jnp.float32) for shape in RATES.values()])
    share = shares[optimiser.schedule]
    risen = jnp.clip((step + 1) / jnp.maximum(optimiser.rise_steps, 1), 0.0, 1.0)
    return optimiser.learning_rate * jnp.where(optimiser.rise_steps > 0, risen, 1.0) * share
