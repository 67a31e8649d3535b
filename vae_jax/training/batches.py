"""Which images are in a batch: a function of the member's key and the step only."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Int32, Key

from vae_jax.core.random_keys import named
from vae_jax.training.spec import Spec


def passes_touched(spec: Spec, steps: int) -> int:
    """How many passes over the data a block can touch, where block k starts at step k · `steps`."""
    per_pass = spec.steps_per_pass
    latest = per_pass - math.gcd(steps, per_pass)  # step within a pass at which a block can start
    return (latest + steps - 1) // per_pass + 1


def block_batches(spec: Spec, steps: int, key: Key[Array, ""], first: Int[Array, ""]) -> Int32[Array, "steps batch"]:
    """Return the batch of every step of a block, as positions in the sampling indices.

    Computed before the steps, to keep sorting and drawing out of the inner loop.

    Args:
        spec: says how to sample.
        steps: of the block; all blocks of a run have the same length and start at its multiples.
        key: the member's.
        first: the block's first step.
    """
    if spec.settings.data.sampling == "replacement":
        return jax.vmap(lambda step: _with_replacement(spec, key, step))(first + jnp.arange(steps))
    passes = first // spec.steps_per_pass + jnp.arange(passes_touched(spec, steps))
    batches = jax.lax.map(lambda number: _pass_batches(spec, key, number), passes)
    in_a_row = batches.reshape(-1, spec.batch_size)
    of_block: Int32[Array, "steps batch"] = jax.lax.dynamic_slice_in_dim(in_a_row, first % spec.steps_per_pass, steps)
    return of_block


def _with_replacement(spec: Spec, key: Key[Array, ""], step: Int[Array, ""]) -> Int32[Array, " batch"]:
    draw = jax.random.fold_in(named(key, "batch"), step)
    return jax.random.randint(draw, (spec.batch_size,), 0, spec.images_per_pass)


def _pass_batches(spec: Spec, key: Key[Array, ""], number: Int[Array, ""]) -> Int32[Array, "steps batch"]:
    """Shuffle a pass and cut it into batches; the remainder is not used."""
    order = jax.random.permutation(jax.random.fold_in(named(key, "shuffle"), number), spec.images_per_pass)
    whole = order[: spec.steps_per_pass * spec.batch_size]
    return whole.reshape(spec.steps_per_pass, spec.batch_size)
