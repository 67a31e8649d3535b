"""Training as pure functions of (spec, hyperparameters, state, data).

Members run inside one compiled program, the steps of each in a `lax.scan`. One after another (`Layout.at_once` 1), a
member's arithmetic is to the bit that of a run of its own.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int32, Key

from vae_jax.config.checks import is_off
from vae_jax.config.schema import ON_NAN
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Batch
from vae_jax.objectives.contracts import Metrics, Objective
from vae_jax.training.batches import block_batches
from vae_jax.training.examples import TrainData, make_batch
from vae_jax.training.hyperparameters import Hyperparameters, bound
from vae_jax.training.member import Arrays, Weights, member_key, merge, objective_of, optimisers_of, split, start
from vae_jax.training.sharding import DATA, Layout, for_members
from vae_jax.training.spec import Spec

NEVER = -1


class TrainState(NamedTuple):
    """All that training changes; every array has a leading members axis outside of this file.

    Attributes:
        params: the parameters of the model and of the objective's own module.
        variables: all else that these hold, such as codebooks that follow the codes.
        optimiser: of the model, and of the own module.
        average: of the model's parameters over the steps; empty where none is kept.
        step: how many steps have been taken.
        failed: the step in which a member's loss or gradient was not finite and it was frozen, or the newest such step
            that it skipped, or `NEVER`.
    """

    params: Arrays
    variables: Arrays
    optimiser: dict[str, optax.OptState]
    average: Arrays
    step: Int32[Array, "*members"]
    failed: Int32[Array, "*members"]

    @property
    def weights(self) -> Weights:
        """The model as it is evaluated."""
        return Weights(self.evaluated["model"], self.variables["model"])

    @property
    def evaluated(self) -> Arrays:
        """The parameters that are evaluated: the average where one is kept, else the newest."""
        return {**self.params, **self.average}


def _init_member(spec: Spec, numbers: Hyperparameters) -> TrainState:
    params, variables = split(start(spec, numbers))
    moves = optimisers_of(spec, numbers)
    optimiser = {name: moves[name].init(params[name]) for name in params}
    average = {} if is_off(spec.settings.optimiser.ema) else {"model": params["model"]}
    return TrainState(params, variables, optimiser, average, jnp.zeros((), jnp.int32), jnp.int32(NEVER))


@partial(jax.jit, static_argnums=(0, 1))
def init_state(spec: Spec, layout: Layout, members: Hyperparameters) -> TrainState:
    """Return the state before the first step, every array with a leading members axis."""
    return for_members(layout, lambda _, numbers: _init_member(spec, numbers), None, members)


def loss_of(
    spec: Spec,
    objective: Objective,
    params: Arrays,
    variables: Arrays,
    batch: Batch,
    noise: Noise,
    step: Int32[Array, ""],
) -> tuple[Float[Array, ""], tuple[Metrics, Arrays]]:
    """Return the loss of a batch, its metrics, and the variables after it."""
    modules = merge(spec, params, variables)
    terms = objective.terms(modules.model, modules.own, batch, noise, step)
    loss, metrics = objective.loss({name: jnp.mean(term, axis=0) for name, term in terms.items()}, step)
    return loss, (metrics, split(modules)[1])


class Trace(NamedTuple):
    """What a member measured in each of some steps: whether the step was taken, and its metrics."""

    well: Bool[Array, "*steps"]
    metrics: Metrics

    def mean(self) -> Metrics:
        """Return the means of one member's metrics over the steps that were taken; NaN where there are none."""
        means: Metrics = jax.tree.map(lambda of_steps: jnp.mean(of_steps, where=self.well), self.metrics)
        return means


def _member_batches(
    spec: Spec, steps: int, data: TrainData, numbers: Hyperparameters, first: Int32[Array, ""]
) -> Int32[Array, "steps batch"]:
    places = block_batches(spec, steps, member_key(numbers["seed"]), first)
    batches: Int32[Array, "steps batch"] = data.draws[places]
    return batches


def _train_member(
    spec: Spec,
    layout: Layout,
    data: TrainData,
    numbers: Hyperparameters,
    batches: Int32[Array, "steps batch"],
    state: TrainState,
) -> tuple[TrainState, Trace]:
    moves, objective = optimisers_of(spec, numbers), objective_of(spec, numbers)
    skips = numbers["train.on_nan"] == ON_NAN.index("skip")
    key = member_key(numbers["seed"])

    def one_step(
        state: TrainState, index: Int32[Array, " batch"]
    ) -> tuple[TrainState, tuple[Bool[Array, ""], Metrics]]:
        noise = step_noise(spec, layout, key, state.step)
        batch = make_batch(spec, data.split, _share(layout, index), noise)
        gradient = jax.grad(partial(loss_of, spec, objective), has_aux=True)
        grads, (metrics, variables) = gradient(state.params, state.variables, batch, noise, state.step)
        grads, metrics, variables = _mean_over_shares(layout, (grads, metrics, variables))
        # Non-finite losses or gradients leave the weights, the variables and the optimiser's state unchanged.
        frozen = (state.failed != NEVER) & ~skips
        finite = jnp.isfinite(metrics["loss"]) & is_finite(grads)
        well = finite & ~frozen
        kept = partial(jax.tree.map, lambda new, old: jnp.where(well, new, old))
        moved = {
            name: moves[name].update(grads[name], state.optimiser[name], state.params[name], sound=well)
            for name in grads
        }
        updates, optimiser = ({name: pair[k] for name, pair in moved.items()} for k in (0, 1))
        params = kept(optax.apply_updates(state.params, updates), state.params)
        average = kept(_averaged(spec, numbers, state, params), state.average)
        variables = kept(variables, state.variables)
        failed = jnp.where(finite | frozen, state.failed, state.step)
        new = TrainState(params, variables, optimiser, average, state.step + 1, failed)
        return new, (well, metrics)

    state, trace = jax.lax.scan(one_step, state, batches)
    return state, Trace(*trace)


def _averaged(spec: Spec, numbers: Hyperparameters, state: TrainState, params: Arrays) -> Arrays:
    """Move the average of the weights towards the newest; at first faster, so that the start is soon forgotten."""
    if not state.average:
        return {}
    decay = jnp.minimum(bound(spec.settings, numbers).optimiser.ema, (1 + state.step) / (10 + state.step))
    newest = {"model": params["model"]}
    averaged: Arrays = jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, state.average, newest)
    return averaged


def step_noise(spec: Spec, layout: Layout, key: Key[Array, ""], step: Int32[Array, ""]) -> Noise:
    """Return what one step's batch draws; this device's share of it, where a batch is spread."""
    of_step = jax.random.fold_in(named(key, "noise"), step)
    if layout.data_devices == 1:
        return Noise(of_step, spec.batch_size)
    share = spec.batch_size // layout.data_devices
    return Noise(of_step, share, whole=spec.batch_size, first=jax.lax.axis_index(DATA) * share)


def is_finite(grads: Arrays) -> Bool[Array, ""]:
    """Say whether a gradient, and the square of it that Adam keeps, are finite.

    Of a module with a bias only that is looked at: whatever is not finite in front of a layer is not in its bias. To
    walk through the matrices once more would cost a tenth of the step. All modules are asked for before any weights
    change: the backward pass is done with the weights then, and none of them need be copied.
    """
    return jnp.all(jnp.stack([jnp.isfinite(jnp.sum(leaf**2)) for leaf in _telling(grads)]))


def _telling(node: Any) -> Iterator[Array]:
    """Yield the arrays by which a module's gradients are known to be finite."""
    leaves = {name: leaf for name, leaf in node.items() if not isinstance(leaf, dict)}
    yield from [leaves["bias"]] if "bias" in leaves else leaves.values()
    for inner in node.values():
        if isinstance(inner, dict):
            yield from _telling(inner)


def _share(layout: Layout, batch: Array) -> Array:
    """Return this device's share of a batch."""
    if layout.data_devices == 1:
        return batch
    size = len(batch) // layout.data_devices
    return jax.lax.dynamic_slice_in_dim(batch, jax.lax.axis_index(DATA) * size, size)


def _mean_over_shares(layout: Layout, tree: Any) -> Any:
    """Average over the shares of a batch; counts, which are the same for all of them, stay whole numbers."""
    if layout.data_devices == 1:
        return tree
    return jax.tree.map(lambda leaf: jax.lax.pmean(leaf, DATA) if jnp.issubdtype(leaf, jnp.floating) else leaf, tree)


@partial(jax.jit, static_argnums=(0, 1, 2), donate_argnums=5)
def train_block(
    spec: Spec, layout: Layout, steps: int, data: TrainData, members: Hyperparameters, state: TrainState
) -> tuple[TrainState, Metrics]:
    """Take `steps` steps with every member.

    Args:
        spec: shapes the compiled code.
        layout: where the members are computed.
        steps: how many; blocks of one run all have the same length and start at its multiples.
        data: shared by the members.
        members: each number `[members]`.
        state: donated; don't use it again.

    Returns:
        the new state, and the means of the metrics over the steps before a member failed (NaN where there are none),
        each `[members]`.
    """

    def of_one(data: TrainData, numbers: Hyperparameters, state: TrainState) -> tuple[TrainState, Metrics]:
        batches = _member_batches(spec, steps, data, numbers, state.step)
        state, trace = _train_member(spec, layout, data, numbers, batches, state)
        return state, trace.mean()

    return for_members(layout, of_one, data, members, state)


# The same in parts, for blocks that last: first the batches of the whole block, then some steps at a time.


@partial(jax.jit, static_argnums=(0, 1, 2))
def draw_batches(
    spec: Spec, layout: Layout, steps: int, data: TrainData, members: Hyperparameters, first: Int32[Array, " members"]
) -> Int32[Array, "members steps batch"]:
    """Return the images of every batch of a block of steps of every member, as `train_block` takes them."""
    of_one = partial(_member_batches, spec, steps)
    return for_members(layout, of_one, data, members, first)


@partial(jax.jit, static_argnums=(0, 1, 2), donate_argnums=(6,))
def take_steps(
    spec: Spec,
    layout: Layout,
    steps: int,
    data: TrainData,
    members: Hyperparameters,
    batches: Int32[Array, "members block batch"],
    state: TrainState,
    first: Int32[Array, ""],
) -> tuple[TrainState, Trace]:
    """Take some steps of a block with every member.

    Args:
        spec, layout: as for `train_block`.
        steps: how many.
        data: shared by the members.
        members: each number `[members]`.
        batches: of the whole block.
        state: donated; don't use it again.
        first: the first step's place in the block.

    Returns:
        the new state, and what was measured in each step, `[members, steps]`.
    """

    def of_one(
        shared: tuple[TrainData, Int32[Array, ""]],
        numbers: Hyperparameters,
        batches: Int32[Array, "block batch"],
        state: TrainState,
    ) -> tuple[TrainState, Trace]:
        data, first = shared
        return _train_member(spec, layout, data, numbers, jax.lax.dynamic_slice_in_dim(batches, first, steps), state)

    return for_members(layout, of_one, (data, first), members, batches, state)


@jax.jit
def mean_of_parts(parts: Sequence[Trace]) -> Metrics:
    """Return the means of the metrics over the steps of several parts, each `[members]`; as `train_block` does."""
    whole: Trace = jax.tree.map(lambda *pieces: jnp.concatenate(pieces, axis=1), *parts)
    return jax.vmap(Trace.mean)(whole)
