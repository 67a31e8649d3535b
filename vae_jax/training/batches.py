"""Which images make a batch: a function of the member's key and the step, and of nothing else."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Int32, Key

from vae_jax.core.random_keys import named
from vae_jax.training.spec import Spec


def passes_touched(spec: Spec, steps: int) -> int:
    """How many passes over the data a block of steps can touch, if blocks are of equal length from step 0."""
    per_pass = spec.steps_per_pass
    latest = per_pass - math.gcd(steps, per_pass)  # within a pass, that a block begins
    return (latest + steps - 1) // per_pass + 1


def block_batches(spec: Spec, steps: int, key: Key[Array, ""], first: Int[Array, ""]) -> Int32[Array, "steps batch"]:
    """Return the positions in the data's draws of the batch of every step of a block.

    Made before the steps, so that sorting and drawing stay out of the hot loop.

    Args:
        spec: says how to sample.
        steps: of the block; blocks of one run all have the same length and start at its multiples.
        key: the member's.
        first: the block's first step.
    """
    if spec.settings.data.sampling == "replacement":
        return jax.vmap(lambda step: _drawn_freely(spec, key, step))(first + jnp.arange(steps))
    passes = first // spec.steps_per_pass + jnp.arange(passes_touched(spec, steps))
    batches = jax.lax.map(lambda number: _pass_batches(spec, key, number), passes)
    in_a_row = batches.reshape(-1, spec.batch_size)
    of_block: Int32[Array, "steps batch"] = jax.lax.dynamic_slice_in_dim(in_a_row, first % spec.steps_per_pass, steps)
    return of_block


def _drawn_freely(spec: Spec, key: Key[Array, ""], step: Int[Array, ""]) -> Int32[Array, " batch"]:
    draw = jax.random.fold_in(named(key, "batch"), step)
    return jax.random.randint(draw, (spec.batch_size,), 0, spec.images_per_pass)


def _pass_batches(spec: Spec, key: Key[Array, ""], number: Int[Array, ""]) -> Int32[Array, "steps batch"]:
    """Shuffle a pass and cut it into batches; what is left over is not used."""
    order = jax.random.permutation(jax.random.fold_in(named(key, "shuffle"), number), spec.images_per_pass)
    whole = order[: spec.steps_per_pass * spec.batch_size]
    return whole.reshape(spec.steps_per_pass, spec.batch_size)
