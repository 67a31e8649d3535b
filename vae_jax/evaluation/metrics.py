"""The metrics of a whole split, for every member."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Int, UInt8

from vae_jax.keys import named
from vae_jax.models.vae import to_unit
from vae_jax.objectives import OBJECTIVES, Metrics, Terms
from vae_jax.schedules import beta_kl_at
from vae_jax.training.program import Members, Program
from vae_jax.training.steps import Params, batch_terms, graph_of, member_key


def _pad(images: UInt8[Array, "n height width channels"], batch: int) -> UInt8[Array, "padded height width channels"]:
    missing = -len(images) % batch
    return jnp.pad(images, ((0, missing), (0, 0), (0, 0), (0, 0)))


def _member_metrics(
    program: Program,
    batch: int,
    images: UInt8[Array, "n height width channels"],
    member: Members,
    params: Params,
    step: Int[Array, ""],
) -> Metrics:
    vae = nnx.merge(graph_of(program), params)
    noise = named(member_key(member.seed), "evaluation")
    batches = _pad(images, batch).reshape(-1, batch, *program.image_shape)

    def one_batch(both: tuple[Array, Array]) -> Terms:
        k, stored = both
        # Each image has noise of its own, so that the batch size changes nothing.
        keys = jax.vmap(lambda i: jax.random.fold_in(noise, i))(k * batch + jnp.arange(batch))
        eps = jax.vmap(lambda key: jax.random.normal(key, (program.model.latent_dim,)))(keys)
        return batch_terms(vae, program, to_unit(stored, program.levels), eps)

    terms = jax.lax.map(one_batch, (jnp.arange(len(batches)), batches))
    terms = jax.tree.map(lambda of_batches: of_batches.reshape(-1)[: len(images)], terms)
    beta_kl = beta_kl_at(
        step,
        warmup=program.warmup,
        beta_kl=member.beta_kl,
        delay=member.warmup_delay,
        length=member.warmup_length,
        cycles=program.warmup_cycles,
    )
    return OBJECTIVES[program.objective](terms, beta_kl, program.normalisation)


@partial(jax.jit, static_argnums=(0, 1))
def split_metrics(
    program: Program,
    batch: int,
    images: UInt8[Array, "n height width channels"],
    members: Members,
    params: Params,
    step: Int[Array, " members"],
) -> Metrics:
    """Judge every member on all images, one latent sample an image, always the same one.

    Args:
        program: the members' program.
        batch: images at a time; changes nothing but memory and time.
        images: the split.
        members: `[members]`.
        params: with a leading members axis.
        step: how many steps each member has taken (beta_kl follows from it).

    Returns:
        means over the images, each `[members]`.
    """
    of_one = partial(_member_metrics, program, batch, images)
    metrics: Metrics = jax.lax.map(lambda each: of_one(*each), (members, params, step))
    return metrics
