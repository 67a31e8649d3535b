"""Members whose loss or gradient is no number any more: what it was, and the way back."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32

from vae_jax.config import Config
from vae_jax.data.dataset import Dataset
from vae_jax.models.vae import to_unit
from vae_jax.training.batches import block_batches
from vae_jax.training.cohorts import Cohort
from vae_jax.training.members import program_alone, state_alone
from vae_jax.training.program import Members, Program, members_of
from vae_jax.training.steps import NEVER, Params, TrainData, TrainState, member_key, member_loss, step_noise


def failed_for_good(config: Config, failed: int) -> bool:
    """Whether a member takes no more steps: something was no number in the step `failed`, and it doesn't skip such."""
    return failed != NEVER and config.train.on_nan != "skip"


def faulty_quantity(cohort: Cohort, k: int, dataset: Dataset, state: TrainState) -> str:
    """Say what was no number in the step in which a member failed, by taking the step once more.

    Args:
        cohort: the members.
        k: the member's place among them.
        dataset: what they are trained on.
        state: of all members, each as it was before the step (or later, for one that skipped the step).

    Returns:
        such as `recon was inf`.
    """
    program, alone = program_alone(cohort, k), state_alone(cohort, k, state)
    member, params = jax.tree.map(
        lambda leaf: leaf[0], (members_of([cohort.configs[k]], cohort.steps_per_epoch), alone.params)
    )
    data = TrainData(jnp.asarray(dataset.train.images), jnp.asarray(dataset.draws))
    found = jax.device_get(_quantities(program, data, member, params, alone.failed[0]))
    for name, value in found.items():
        if not math.isfinite(value):
            return f"{name} was {value}"
    return "the loss or its gradient was no number"


@partial(jax.jit, static_argnums=0)
def _quantities(
    program: Program, data: TrainData, member: Members, params: Params, step: Int32[Array, ""]
) -> dict[str, Float[Array, ""]]:
    """What a step computes, in its order: each a number, or none if any of it is none."""
    key = member_key(member.seed)
    batch = data.draws[block_batches(program, 1, key, step)[0]]
    x = to_unit(data.images[batch], program.levels)
    grads, metrics = jax.grad(member_loss(program, member), has_aux=True)(
        params, x, step_noise(program, key, step), step
    )
    squares = {
        f"the square of the gradient of {jax.tree_util.keystr(path, simple=True, separator='.')}": jnp.sum(leaf**2)
        for path, leaf in jax.tree_util.tree_leaves_with_path(grads)
    }
    return {"recon": metrics.recon, "kl": metrics.kl, "the loss": metrics.loss, **squares}


def put_back(state: TrainState, before: TrainState, k: int) -> TrainState:
    """Give a member the weights that it had before, and let it go on with the steps that come now.

    Args:
        state, before: of all members.
        k: the member's place.
    """
    params, optimiser = jax.tree.map(
        lambda now, was: now.at[k].set(was[k]), (state.params, state.optimiser), (before.params, before.optimiser)
    )
    return TrainState(params, optimiser, state.step, state.failed.at[k].set(NEVER))
