"""Members with a non-finite loss or gradient: which quantity it was, and how they are restored."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32

from vae_jax.config.schema import Config
from vae_jax.data.dataset import Dataset
from vae_jax.training.batches import block_batches
from vae_jax.training.examples import TrainData, make_batch, train_data
from vae_jax.training.extraction import spec_alone, state_alone
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters, hyperparameters_of
from vae_jax.training.member import Arrays, member_key, objective_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import NEVER, TrainState, loss_of, step_noise

FIRST = ("recon", "kl")  # metrics that are checked first: others are computed from them


def failed_for_good(config: Config, failed: int) -> bool:
    """Whether a member takes no more steps: it failed in step `failed`, and doesn't skip such steps."""
    return failed != NEVER and config.train.on_nan != "skip"


def faulty_quantity(group: Group, k: int, dataset: Dataset, state: TrainState) -> str:
    """Say what was not finite in the step in which a member failed, by computing the step again.

    Args:
        group: the members.
        k: the member's position among them.
        dataset: the data they are trained on.
        state: of all members, the failed ones' from before the step (or later, for one that skipped the step).

    Returns:
        such as `recon was inf`.
    """
    spec, alone = spec_alone(group, k), state_alone(group, k, state)
    numbers = hyperparameters_of([group.configs[k]], group.steps_per_epoch)
    member, params, variables = jax.tree.map(lambda leaf: leaf[0], (numbers, alone.params, alone.variables))
    found = jax.device_get(_quantities(spec, train_data(dataset), member, params, variables, alone.failed[0]))
    for name, value in found.items():
        if not math.isfinite(value):
            return f"{name} was {value}"
    return "the loss or its gradient was not finite"


@partial(jax.jit, static_argnums=0)
def _quantities(
    spec: Spec,
    data: TrainData,
    numbers: Hyperparameters,
    params: Arrays,
    variables: Arrays,
    step: Int32[Array, ""],
) -> dict[str, Float[Array, ""]]:
    """Return what a step computes, in its order: the terms' means, the loss, and the square of each gradient."""
    key, objective = member_key(numbers["seed"]), objective_of(spec, numbers)
    noise = step_noise(spec, Layout(), key, step)
    batch = make_batch(spec, data.split, data.draws[block_batches(spec, 1, key, step)[0]], noise)
    gradient = jax.grad(partial(loss_of, spec, objective), has_aux=True)
    grads, (metrics, _) = gradient(params, variables, batch, noise, step)
    squares = {
        f"the square of the gradient of {jax.tree_util.keystr(path, simple=True, separator='.')}": jnp.sum(leaf**2)
        for path, leaf in jax.tree_util.tree_leaves_with_path(grads)
    }
    others = {name: value for name, value in metrics.items() if name not in (*FIRST, "loss")}
    return {name: metrics[name] for name in FIRST if name in metrics} | others | {"the loss": metrics["loss"]} | squares


def put_back(state: TrainState, before: TrainState, k: int) -> TrainState:
    """Return the state in which the k-th member has its earlier weights and continues with the next steps."""
    back: TrainState = jax.tree.map(lambda now, was: now.at[k].set(was[k]), state, before)
    return back._replace(step=state.step, failed=state.failed.at[k].set(NEVER))
