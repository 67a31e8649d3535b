"""Training as pure functions of (spec, hyperparameters, state, data).

All members run inside one compiled program, the steps of each in a `lax.scan`. Where members are computed one after
another (`Layout.at_once` 1), a member's results are bit-identical to those of a single run.
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
from vae_jax.models.products import products_of
from vae_jax.objectives.contracts import Metrics, Objective
from vae_jax.training.batches import block_batches
from vae_jax.training.examples import SplitArrays, TrainData, make_batch
from vae_jax.training.hyperparameters import Hyperparameters, bound
from vae_jax.training.member import Arrays, Weights, member_key, merge, objective_of, optimisers_of, split, start
from vae_jax.training.sharding import DATA, Layout, for_members
from vae_jax.training.spec import Spec

NEVER = -1


class TrainState(NamedTuple):
    """All that training changes; outside this file every array has a leading members axis.

    Attributes:
        params: the parameters of the model and of the objective's own module.
        variables: their other variables, such as codebooks.
        optimiser: of the model, and of the own module.
        average: the moving average of the model's parameters; empty where none is kept.
        step: how many steps have been taken.
        failed: the step in which a member's loss or gradient was not finite and training stopped, or the newest such
            step that it skipped, or `NEVER`.
        best: the evaluated `params`, the `variables` and the `step` of the best step; empty where it is not kept.
        ended: the step after which a member was out of patience and stopped, or `NEVER`; None where none has patience.
    """

    params: Arrays
    variables: Arrays
    optimiser: dict[str, optax.OptState]
    average: Arrays
    step: Int32[Array, "*members"]
    failed: Int32[Array, "*members"]
    best: Arrays = {}  # noqa: RUF012 (a named tuple's default)
    ended: Int32[Array, "*members"] | None = None

    @property
    def weights(self) -> Weights:
        """The model's weights that are evaluated."""
        return Weights(self.evaluated["model"], self.variables["model"])

    def at_best(self) -> "TrainState":
        """Return the state with the weights of each member's best step, where they are kept; else as it is."""
        if not self.best:
            return self
        params, variables, step = self.best["params"], self.best["variables"], self.best["step"]
        average = {"model": params["model"]} if self.average else {}
        return self._replace(params=params, variables=variables, average=average, step=step)

    @property
    def evaluated(self) -> Arrays:
        """The parameters that are evaluated: the moving average where one is kept, else the newest."""
        return {**self.params, **self.average}


def _init_member(spec: Spec, images: SplitArrays | None, numbers: Hyperparameters) -> TrainState:
    params, variables = split(start(spec, numbers, images))
    optimisers = optimisers_of(spec, numbers)
    optimiser = {name: optimisers[name].init(params[name]) for name in params}
    average = {} if is_off(spec.settings.optimiser.ema) else {"model": params["model"]}
    zero, never, train = jnp.zeros((), jnp.int32), jnp.int32(NEVER), spec.settings.train
    best = {"params": params, "variables": variables, "step": zero} if train.keep_best else {}
    return TrainState(
        params, variables, optimiser, average, zero, never, best, None if is_off(train.patience) else never
    )


@partial(jax.jit, static_argnums=(0, 1))
def init_state(spec: Spec, layout: Layout, members: Hyperparameters, images: SplitArrays | None = None) -> TrainState:
    """Return the state before the first step, every array with a leading members axis.

    Args:
        spec: shapes the compiled code.
        layout: where the members are computed.
        members: their hyperparameters, each `[members]`.
        images: the training images, for priors that start from some; None where only the shapes matter.
    """
    return for_members(layout, partial(_init_member, spec), images, members)


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
    with products_of(spec.settings.train.dtype):
        terms = objective.terms(modules.model, modules.own, batch, noise, step)
    loss, metrics = objective.loss({name: jnp.mean(term, axis=0) for name, term in terms.items()}, step)
    return loss, (metrics, split(modules)[1])


class Trace(NamedTuple):
    """Of each step of a member, whether it was taken, and its metrics."""

    taken: Bool[Array, "*steps"]
    metrics: Metrics

    def mean(self) -> Metrics:
        """Return the means of one member's metrics over the steps that were taken; NaN where there are none."""
        means: Metrics = jax.tree.map(lambda of_steps: jnp.mean(of_steps, where=self.taken), self.metrics)
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
    optimisers, objective = optimisers_of(spec, numbers), objective_of(spec, numbers)
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
        if state.ended is not None:
            frozen |= state.ended != NEVER
        finite = jnp.isfinite(metrics["loss"]) & is_finite(grads)
        taken = finite & ~frozen
        kept = partial(jax.tree.map, lambda new, old: jnp.where(taken, new, old))
        updated = {
            name: optimisers[name].update(grads[name], state.optimiser[name], state.params[name], sound=taken)
            for name in grads
        }
        updates, optimiser = ({name: pair[k] for name, pair in updated.items()} for k in (0, 1))
        params = kept(optax.apply_updates(state.params, updates), state.params)
        average = kept(_averaged(spec, numbers, state, params), state.average)
        variables = kept(variables, state.variables)
        failed = jnp.where(finite | frozen, state.failed, state.step)
        new = TrainState(params, variables, optimiser, average, state.step + 1, failed, ended=state.ended)
        return new, (taken, metrics)

    after, trace = jax.lax.scan(one_step, state._replace(best={}), batches)
    return after._replace(best=state.best), Trace(*trace)


def _averaged(spec: Spec, numbers: Hyperparameters, state: TrainState, params: Arrays) -> Arrays:
    """Update the moving average of the weights; its decay is smaller in early steps, to forget the initial weights."""
    if not state.average:
        return {}
    decay = jnp.minimum(bound(spec.settings, numbers).optimiser.ema, (1 + state.step) / (10 + state.step))
    newest = {"model": params["model"]}
    averaged: Arrays = jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, state.average, newest)
    return averaged


def step_noise(spec: Spec, layout: Layout, key: Key[Array, ""], step: Int32[Array, ""]) -> Noise:
    """Return the noise of one step's batch, or of this device's share of it where a batch is spread over devices."""
    of_step = jax.random.fold_in(named(key, "noise"), step)
    if layout.data_devices == 1:
        return Noise(of_step, spec.batch_size)
    share = spec.batch_size // layout.data_devices
    return Noise(of_step, share, first=jax.lax.axis_index(DATA) * share)


def is_finite(grads: Arrays) -> Bool[Array, ""]:
    """Whether a gradient, and its square, which Adam keeps, are finite.

    In a module with a bias only the bias is checked: a non-finite gradient of the layer's output reaches it. Reading
    the matrices again would cost a tenth of the step. All modules are checked before any weights change: the backward
    pass no longer needs the weights then, and they are updated without a copy.
    """
    return jnp.all(jnp.stack([jnp.isfinite(jnp.sum(leaf**2)) for leaf in _checked_leaves(grads)]))


def _checked_leaves(node: Any) -> Iterator[Array]:
    """Yield the arrays that show whether a module's gradients are finite."""
    leaves = {name: leaf for name, leaf in node.items() if not isinstance(leaf, dict)}
    yield from [leaves["bias"]] if "bias" in leaves else leaves.values()
    for inner in node.values():
        if isinstance(inner, dict):
            yield from _checked_leaves(inner)


def _share(layout: Layout, batch: Array) -> Array:
    """Return this device's share of a batch."""
    if layout.data_devices == 1:
        return batch
    size = len(batch) // layout.data_devices
    return jax.lax.dynamic_slice_in_dim(batch, jax.lax.axis_index(DATA) * size, size)


def _mean_over_shares(layout: Layout, tree: Any) -> Any:
    """Average over a batch's shares; whole numbers are counts, equal in all shares, and don't change."""
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
        steps: how many; all blocks of a run have the same length and start at its multiples.
        data: shared by the members.
        members: their hyperparameters, each `[members]`.
        state: donated; don't use it again.

    Returns:
        the new state, and the means of the metrics over the steps that were taken (NaN where there are none), each
        `[members]`.
    """

    def of_one(data: TrainData, numbers: Hyperparameters, state: TrainState) -> tuple[TrainState, Metrics]:
        batches = _member_batches(spec, steps, data, numbers, state.step)
        state, trace = _train_member(spec, layout, data, numbers, batches, state)
        return state, trace.mean()

    return for_members(layout, of_one, data, members, state)


# The same in parts, for long blocks: first the batches of the whole block, then some steps at a time.


@partial(jax.jit, static_argnums=(0, 1, 2))
def draw_batches(
    spec: Spec, layout: Layout, steps: int, data: TrainData, members: Hyperparameters, first: Int32[Array, " members"]
) -> Int32[Array, "members steps batch"]:
    """Return the image indices of every batch of a block, for every member, as in `train_block`."""
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
        spec, layout, data, members: as for `train_block`.
        steps: how many.
        batches: of the whole block.
        state: donated; don't use it again.
        first: the first step, counted within the block.

    Returns:
        the new state, and the trace of the steps, `[members, steps]`.
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
    """Return the means of the metrics over the steps of all parts of a block, each `[members]`, as in `train_block`."""
    whole: Trace = jax.tree.map(lambda *pieces: jnp.concatenate(pieces, axis=1), *parts)
    return jax.vmap(Trace.mean)(whole)
