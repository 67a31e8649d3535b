"""The metrics of a whole split, for every member."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Int, UInt8

from vae_jax.data.dataset import Dataset
from vae_jax.keys import named, unit_normal
from vae_jax.models.vae import to_unit
from vae_jax.objectives import OBJECTIVES, Metrics, Terms
from vae_jax.training.cohorts import Cohort
from vae_jax.training.devices import Layout, for_members
from vae_jax.training.loop import Judge
from vae_jax.training.program import Members, Program
from vae_jax.training.steps import (
    Params,
    TrainState,
    batch_terms,
    beta_kl_of,
    free_bits_of,
    graph_of,
    latent_mask,
    member_key,
)


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
    noise, mask = named(member_key(member.seed), "evaluation"), latent_mask(program, member)
    batches = _pad(images, batch).reshape(-1, batch, *program.image_shape)

    def one_batch(both: tuple[Array, Array]) -> Terms:
        k, stored = both
        # Each image has noise of its own, so that the batch size changes nothing.
        keys = jax.vmap(lambda i: jax.random.fold_in(noise, i))(k * batch + jnp.arange(batch))
        eps = jax.vmap(lambda key: unit_normal(key, 1, program.model.latent_dim)[0])(keys)
        return batch_terms(vae, program, to_unit(stored, program.levels), eps, mask)

    terms = jax.lax.map(one_batch, (jnp.arange(len(batches)), batches))
    terms = jax.tree.map(lambda of_batches: jnp.concatenate(of_batches)[: len(images)], terms)
    judged = OBJECTIVES[program.objective]
    return judged(terms, beta_kl_of(member, step), free_bits_of(member, mask), program.normalisation)


@partial(jax.jit, static_argnums=(0, 1, 2))
def split_metrics(
    program: Program,
    layout: Layout,
    batch: int,
    images: UInt8[Array, "n height width channels"],
    members: Members,
    params: Params,
    step: Int[Array, " members"],
) -> Metrics:
    """Judge every member on all images, one latent sample an image, always the same one.

    Args:
        program: the members' program.
        layout: where the members are computed.
        batch: images at a time; changes nothing but memory and time.
        images: the split.
        members: `[members]`.
        params: with a leading members axis.
        step: how many steps each member has taken (beta_kl follows from it).

    Returns:
        means over the images, each `[members]`.
    """
    of_one = partial(_member_metrics, program, batch)
    return for_members(layout, of_one, images, members, params, step)


def judge_of(cohort: Cohort, layout: Layout, dataset: Dataset) -> Judge:
    """Return the function that judges all members of a cohort on the test images."""
    images = jnp.asarray(dataset.test.images)

    def judge(members: Members, state: TrainState) -> Metrics:
        batch = min(cohort.configs[0].eval.batch_size, len(images))
        metrics: Metrics = split_metrics(cohort.program, layout, batch, images, members, state.params, state.step)
        return metrics

    return judge
