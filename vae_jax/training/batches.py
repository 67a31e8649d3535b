"""Which images make a batch: a function of the member's key and the step, and of nothing else."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Int32, Key, UInt8

from vae_jax.keys import named
from vae_jax.training.program import Program


def passes_touched(program: Program, steps: int) -> int:
    """How many passes over the data a block of steps can touch, if blocks are of equal length from step 0."""
    per_pass = program.steps_per_pass
    latest = per_pass - math.gcd(steps, per_pass)  # within a pass, that a block begins
    return (latest + steps - 1) // per_pass + 1


def block_order(
    program: Program, steps: int, key: Key[Array, ""], first: Int[Array, ""]
) -> Int32[Array, "passes draws"] | None:
    """Shuffle every pass that the block of `steps` from step `first` touches; None where batches are drawn freely.

    One permutation a pass, made before the steps, keeps the sort out of the hot loop.
    """
    if program.sampling == "replacement":
        return None
    passes = first // program.steps_per_pass + jnp.arange(passes_touched(program, steps))
    shuffle = named(key, "shuffle")

    def of_pass(number: Int[Array, ""]) -> Int32[Array, " draws"]:
        return jax.random.permutation(jax.random.fold_in(shuffle, number), program.draws)

    order: Int32[Array, "passes draws"] = jax.lax.map(of_pass, passes)
    return order


def batch_at(
    program: Program,
    order: Int32[Array, "passes draws"] | None,
    first: Int[Array, ""],
    step: Int[Array, ""],
    key: Key[Array, ""],
) -> Int[Array, " batch"]:
    """Return the positions in the data's draws of the batch at one step.

    Args:
        program: says how to sample.
        order: from `block_order`.
        first: the first step of the block that `order` was made for.
        step: the step.
        key: the member's.
    """
    if order is None:
        draw = jax.random.fold_in(named(key, "batch"), step)
        return jax.random.randint(draw, (program.batch_size,), 0, program.draws)
    row = step // program.steps_per_pass - first // program.steps_per_pass
    offset = step % program.steps_per_pass * program.batch_size
    return jax.lax.dynamic_slice(order, (row, offset), (1, program.batch_size))[0]


def take(
    images: UInt8[Array, "n height width channels"],
    draws: Int32[Array, " m"],
    positions: Int[Array, " batch"],
) -> UInt8[Array, "batch height width channels"]:
    """Gather the images at positions of the data's draws."""
    return images[draws[positions]]
