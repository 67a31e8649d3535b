"""Training as pure functions of (program, members' numbers, state, data).

Members run one after another inside one compiled program (`lax.map`), the steps of each in a `lax.scan`: so a
member's arithmetic is exactly that of a run of its own.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Float, Int32, Key, UInt8, UInt32

from vae_jax.keys import named
from vae_jax.models.vae import VAE, Images, encode, fit_loss, to_unit
from vae_jax.objectives import OBJECTIVES, Metrics, Terms
from vae_jax.schedules import beta_kl_at
from vae_jax.training.batches import batch_at, block_order, take
from vae_jax.training.program import Members, Program

Params = nnx.State[Any, Any]


class TrainState(NamedTuple):
    """All that training changes; every array has a leading members axis outside of this file.

    Attributes:
        params: the model's parameters, as an NNX state.
        optimiser: Adam's moments and count.
        step: how many steps have been taken.
    """

    params: Params
    optimiser: optax.OptState
    step: Int32[Array, "*members"]


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


def optimiser_of(program: Program) -> optax.GradientTransformation:
    """Adam's direction (Kingma and Ba 2015, arXiv:1412.6980), before the learning rate."""
    return optax.scale_by_adam(program.adam_b1, program.adam_b2, program.adam_eps)


def batch_terms(vae: VAE, program: Program, x: Images, eps: Float[Array, "batch latent"]) -> Terms:
    """Return the two costs of each image, the latent sampled with the noise `eps`."""
    posterior = encode(vae, program.model, x)
    return Terms(fit=fit_loss(vae, program.model, x, posterior.sample(eps)), rate=jnp.sum(posterior.kl(), axis=-1))


def _init_member(program: Program, seed: UInt32[Array, ""]) -> TrainState:
    vae = VAE(program.model, program.image_shape, named(member_key(seed), "init"))
    params = nnx.state(vae, nnx.Param)
    return TrainState(params, optimiser_of(program).init(params), jnp.zeros((), jnp.int32))


@partial(jax.jit, static_argnums=0)
def init_state(program: Program, members: Members) -> TrainState:
    """Return the state before the first step, every array with a leading members axis."""
    state: TrainState = jax.lax.map(partial(_init_member, program), members.seed)
    return state


def _train_member(
    program: Program, steps: int, data: TrainData, member: Members, state: TrainState
) -> tuple[TrainState, Metrics]:
    graph, optimiser = graph_of(program), optimiser_of(program)
    key = member_key(member.seed)
    first = state.step
    order = block_order(program, steps, key, first)
    minimised = OBJECTIVES[program.objective]

    def loss(
        params: Params, x: Images, eps: Float[Array, "batch latent"], step: Int32[Array, ""]
    ) -> tuple[Float[Array, ""], Metrics]:
        beta_kl = beta_kl_at(
            step,
            warmup=program.warmup,
            beta_kl=member.beta_kl,
            delay=member.warmup_delay,
            length=member.warmup_length,
            cycles=program.warmup_cycles,
        )
        terms = batch_terms(nnx.merge(graph, params), program, x, eps)
        metrics = minimised(terms, beta_kl, program.normalisation)
        return metrics.loss, metrics

    def one_step(state: TrainState, _: None) -> tuple[TrainState, Metrics]:
        positions = batch_at(program, order, first, state.step, key)
        x = to_unit(take(data.images, data.draws, positions), program.levels)
        noise = jax.random.fold_in(named(key, "noise"), state.step)
        eps = jax.random.normal(noise, (program.batch_size, program.model.latent_dim))
        grads, metrics = jax.grad(loss, has_aux=True)(state.params, x, eps, state.step)
        direction, adam = optimiser.update(grads, state.optimiser)
        updates = jax.tree.map(lambda d: -member.learning_rate * d, direction)
        return TrainState(optax.apply_updates(state.params, updates), adam, state.step + 1), metrics

    state, trace = jax.lax.scan(one_step, state, length=steps)
    return state, jax.tree.map(jnp.mean, trace)


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=4)
def train_block(
    program: Program, steps: int, data: TrainData, members: Members, state: TrainState
) -> tuple[TrainState, Metrics]:
    """Take `steps` steps with every member.

    Args:
        program: shapes the compiled code.
        steps: how many; blocks of one run all have the same length and start at its multiples.
        data: shared by the members.
        members: `[members]`.
        state: donated; don't use it again.

    Returns:
        the new state, and the means of the metrics over the steps, each `[members]`.
    """
    of_one = partial(_train_member, program, steps, data)
    result: tuple[TrainState, Metrics] = jax.lax.map(lambda both: of_one(*both), (members, state))
    return result
