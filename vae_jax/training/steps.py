"""Training as pure functions of (program, members' numbers, state, data).

Members run inside one compiled program, the steps of each in a `lax.scan`. One after another (`Layout.at_once` 1), a
member's arithmetic is to the bit that of a run of its own.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Bool, Float, Int32, Key, UInt8, UInt32

from vae_jax.keys import named, unit_normal
from vae_jax.models.vae import VAE, Images, encode, fit_loss, to_unit
from vae_jax.objectives import OBJECTIVES, Metrics, Terms
from vae_jax.schedules import beta_kl_at
from vae_jax.training.adam import scale_by_adam
from vae_jax.training.batches import block_batches
from vae_jax.training.devices import DATA, Layout, for_members
from vae_jax.training.program import Members, Program

Params = nnx.State[Any, Any]
Noise = Float[Array, "batch latent"]
Loss = Callable[[Params, Images, Noise, Int32[Array, ""]], tuple[Float[Array, ""], Metrics]]

NEVER = -1


class TrainState(NamedTuple):
    """All that training changes; every array has a leading members axis outside of this file.

    Attributes:
        params: the model's parameters, as an NNX state.
        optimiser: Adam's moments, and the count of the steps that were not left out.
        step: how many steps have been taken.
        failed: the step in which a member's loss or gradient was no number any more and it was frozen, or the newest
            such step that it skipped, or `NEVER`.
    """

    params: Params
    optimiser: optax.OptState
    step: Int32[Array, "*members"]
    failed: Int32[Array, "*members"]


class TrainData(NamedTuple):
    """The training images on the device, and how often each is drawn in a pass."""

    images: UInt8[Array, "n height width channels"]
    draws: Int32[Array, " m"]


def member_key(seed: UInt32[Array, ""]) -> Key[Array, ""]:
    """Return a member's key: from its own seed alone."""
    return jax.random.key(seed)


def graph_of(program: Program) -> nnx.GraphDef[VAE]:
    """Return the model's structure, without any weights."""
    return nnx.graphdef(nnx.eval_shape(lambda: VAE(program.model, program.image_shape, jax.random.key(0))))


def optimiser_of(program: Program) -> optax.GradientTransformationExtraArgs:
    """Adam's direction, before the learning rate."""
    return scale_by_adam(program.adam_b1, program.adam_b2, program.adam_eps)


def latent_mask(program: Program, member: Members) -> Bool[Array, " latent"]:
    """Say which of the program's latent units a member has: the first ones."""
    return jnp.arange(program.model.latent_dim) < member.latent_dim


def batch_terms(vae: VAE, program: Program, x: Images, eps: Noise, mask: Bool[Array, " latent"]) -> Terms:
    """Return the two costs of each image, the latent sampled with the noise `eps`, in a model of the masked units."""
    posterior = encode(vae, program.model, x)
    z = jnp.where(mask, posterior.sample(eps), 0.0)
    return Terms(fit=fit_loss(vae, program.model, x, z), rates=jnp.where(mask, posterior.kl(), 0.0))


def _init_member(program: Program, member: Members) -> TrainState:
    key = named(member_key(member.seed), "init")
    vae = VAE(program.model, program.image_shape, key, latent_mask(program, member))
    params = nnx.state(vae, nnx.Param)
    return TrainState(params, optimiser_of(program).init(params), jnp.zeros((), jnp.int32), jnp.int32(NEVER))


@partial(jax.jit, static_argnums=(0, 1))
def init_state(program: Program, layout: Layout, members: Members) -> TrainState:
    """Return the state before the first step, every array with a leading members axis."""
    return for_members(layout, lambda _, member: _init_member(program, member), None, members)


def member_loss(program: Program, member: Members) -> Loss:
    """Return what a member minimises at a step, with its metrics."""
    graph, mask = graph_of(program), latent_mask(program, member)
    minimised, free_bits = OBJECTIVES[program.objective], free_bits_of(member, mask)

    def loss(params: Params, x: Images, eps: Noise, step: Int32[Array, ""]) -> tuple[Float[Array, ""], Metrics]:
        terms = batch_terms(nnx.merge(graph, params), program, x, eps, mask)
        metrics = minimised(terms, beta_kl_of(member, step), free_bits, program.normalisation)
        return metrics.loss, metrics

    return loss


class Trace(NamedTuple):
    """What a member measured in each of some steps: whether the step was taken, and its metrics."""

    well: Bool[Array, "*steps"]
    metrics: Metrics

    def mean(self) -> Metrics:
        """Return the means of one member's metrics over the steps that were taken; NaN where there are none."""
        means: Metrics = jax.tree.map(lambda of_steps: jnp.mean(of_steps, where=self.well), self.metrics)
        return means


def _member_batches(
    program: Program, steps: int, data: TrainData, member: Members, first: Int32[Array, ""]
) -> Int32[Array, "steps batch"]:
    batches: Int32[Array, "steps batch"] = data.draws[block_batches(program, steps, member_key(member.seed), first)]
    return batches


def _train_member(
    program: Program,
    layout: Layout,
    data: TrainData,
    member: Members,
    batches: Int32[Array, "steps batch"],
    state: TrainState,
) -> tuple[TrainState, Trace]:
    optimiser, loss = optimiser_of(program), member_loss(program, member)
    key = member_key(member.seed)

    def one_step(
        state: TrainState, batch: Int32[Array, " batch"]
    ) -> tuple[TrainState, tuple[Bool[Array, ""], Metrics]]:
        eps = step_noise(program, key, state.step)
        x = to_unit(data.images[_share(layout, batch)], program.levels)
        grads, metrics = jax.grad(loss, has_aux=True)(state.params, x, _share(layout, eps), state.step)
        grads, metrics = _mean_over_shares(layout, (grads, metrics))
        # What is no number leaves the weights and the optimiser's state as they were.
        frozen = (state.failed != NEVER) & ~member.skips
        finite = jnp.isfinite(metrics.loss) & is_finite(grads)
        well = finite & ~frozen
        direction, adam = optimiser.update(grads, state.optimiser, sound=well)
        rate = member.learning_rate
        params = jax.tree.map(lambda p, d: jnp.where(well, p - rate * d, p), state.params, direction)
        failed = jnp.where(finite | frozen, state.failed, state.step)
        return TrainState(params, adam, state.step + 1, failed), (well, metrics)

    state, trace = jax.lax.scan(one_step, state, batches)
    return state, Trace(*trace)


def step_noise(program: Program, key: Key[Array, ""], step: Int32[Array, ""]) -> Noise:
    """Return the noise by which the latents of one step's batch are sampled."""
    noise = jax.random.fold_in(named(key, "noise"), step)
    return unit_normal(noise, program.batch_size, program.model.latent_dim)


def is_finite(grads: Params) -> Bool[Array, ""]:
    """Say whether a gradient, and the square of it that Adam keeps, are numbers.

    Only the vectors are looked at, biases above all: whatever is no number in front of a layer is none in its bias. To
    walk through the matrices once more would cost a tenth of the step. All layers' vectors are asked for before any
    weights change: the backward pass is done with the weights then, and none of them need be copied.
    """
    vectors = [leaf for leaf in jax.tree.leaves(grads) if leaf.ndim < 2]
    return jnp.all(jnp.stack([jnp.isfinite(jnp.sum(vector**2)) for vector in vectors]))


def _share(layout: Layout, batch: Array) -> Array:
    """Return this device's share of a batch."""
    if layout.data_devices == 1:
        return batch
    size = len(batch) // layout.data_devices
    return jax.lax.dynamic_slice_in_dim(batch, jax.lax.axis_index(DATA) * size, size)


def _mean_over_shares(layout: Layout, tree: Any) -> Any:
    return tree if layout.data_devices == 1 else jax.lax.pmean(tree, DATA)


def free_bits_of(member: Members, mask: Bool[Array, " latent"]) -> Float[Array, " latent"]:
    """Return the free bits of each latent unit, in nats; units that a member doesn't have get none."""
    return jnp.where(mask, member.free_bits, 0.0)


def beta_kl_of(member: Members, step: Int32[Array, ""]) -> Float[Array, ""]:
    """Return the weight of a member's KL term at one step."""
    return beta_kl_at(
        step,
        warmup=member.warmup,
        beta_kl=member.beta_kl,
        delay=member.warmup_delay,
        length=member.warmup_length,
        cycles=member.warmup_cycles,
    )


@partial(jax.jit, static_argnums=(0, 1, 2), donate_argnums=5)
def train_block(
    program: Program, layout: Layout, steps: int, data: TrainData, members: Members, state: TrainState
) -> tuple[TrainState, Metrics]:
    """Take `steps` steps with every member.

    Args:
        program: shapes the compiled code.
        layout: where the members are computed.
        steps: how many; blocks of one run all have the same length and start at its multiples.
        data: shared by the members.
        members: `[members]`.
        state: donated; don't use it again.

    Returns:
        the new state, and the means of the metrics over the steps before a member failed (NaN where there are none),
        each `[members]`.
    """

    def of_one(data: TrainData, member: Members, state: TrainState) -> tuple[TrainState, Metrics]:
        batches = _member_batches(program, steps, data, member, state.step)
        state, trace = _train_member(program, layout, data, member, batches, state)
        return state, trace.mean()

    return for_members(layout, of_one, data, members, state)


# The same in parts, for blocks that last: first the batches of the whole block, then some steps at a time.


@partial(jax.jit, static_argnums=(0, 1, 2))
def draw_batches(
    program: Program, layout: Layout, steps: int, data: TrainData, members: Members, first: Int32[Array, " members"]
) -> Int32[Array, "members steps batch"]:
    """Return the images of every batch of a block of steps of every member, as `train_block` takes them."""
    of_one = partial(_member_batches, program, steps)
    return for_members(layout, of_one, data, members, first)


@partial(jax.jit, static_argnums=(0, 1, 2), donate_argnums=(6,))
def take_steps(
    program: Program,
    layout: Layout,
    steps: int,
    data: TrainData,
    members: Members,
    batches: Int32[Array, "members block batch"],
    state: TrainState,
    first: Int32[Array, ""],
) -> tuple[TrainState, Trace]:
    """Take some steps of a block with every member.

    Args:
        program, layout: as for `train_block`.
        steps: how many.
        data: shared by the members.
        members: `[members]`.
        batches: of the whole block.
        state: donated; don't use it again.
        first: the first step's place in the block.

    Returns:
        the new state, and what was measured in each step, `[members, steps]`.
    """

    def of_one(
        shared: tuple[TrainData, Int32[Array, ""]],
        member: Members,
        batches: Int32[Array, "block batch"],
        state: TrainState,
    ) -> tuple[TrainState, Trace]:
        data, first = shared
        return _train_member(program, layout, data, member, jax.lax.dynamic_slice_in_dim(batches, first, steps), state)

    return for_members(layout, of_one, (data, first), members, batches, state)


@jax.jit
def mean_of_parts(parts: Sequence[Trace]) -> Metrics:
    """Return the means of the metrics over the steps of several parts, each `[members]`; as `train_block` does."""
    whole: Trace = jax.tree.map(lambda *pieces: jnp.concatenate(pieces, axis=1), *parts)
    return jax.vmap(Trace.mean)(whole)
