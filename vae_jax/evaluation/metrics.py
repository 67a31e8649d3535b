"""Metrics of every member on a whole split."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.data.dataset import Dataset
from vae_jax.evaluation.activity import active_units
from vae_jax.objectives.contracts import DependsOnBatch, Metrics
from vae_jax.training.examples import SplitArrays, make_batch, split_arrays
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters
from vae_jax.training.loop import Evaluator
from vae_jax.training.member import Arrays, member_key, merge, objective_of
from vae_jax.training.sharding import Layout, for_members
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState


def _member_metrics(
    spec: Spec,
    batch: int,
    split: SplitArrays,
    numbers: Hyperparameters,
    params: Arrays,
    variables: Arrays,
    step: Int[Array, ""],
) -> Metrics:
    objective, key = objective_of(spec, numbers), named(member_key(numbers["seed"]), "evaluation")
    count = len(split.images)
    if isinstance(objective, DependsOnBatch) and objective.depends_on_batch:
        batch = min(spec.batch_size, count)
    # The last batch is padded with the first images; their repeated terms are left out of the means.
    places = jnp.arange(-(-count // batch) * batch).reshape(-1, batch) % count

    def one_batch(index: Int[Array, " batch"]) -> tuple[dict[str, Float[Array, "batch ..."]], Float[Array, "..."]]:
        noise = Noise(key, batch, index)
        model, own = merge(spec, params, variables)
        # A random transform, such as binarisation, draws the same for all members, so they see the same images.
        examples = make_batch(spec, split, index, Noise(jax.random.key(0), batch, index))
        terms = dict(objective.terms(model, own, examples, noise, step))
        # Not the model above: what it infers may have changed its variables.
        codes = merge(spec, params, variables).model.codes(examples.x, examples.condition)
        return terms, codes.point

    terms, points = jax.lax.map(one_batch, places)
    means = {name: jnp.mean(jnp.concatenate(of_batches)[:count], axis=0) for name, of_batches in terms.items()}
    found = {"active_units": active_units(jnp.concatenate(points)[:count]).astype(jnp.float32)}
    rates = {"rates": means["rates"]} if "rates" in means else {}
    return found | rates | objective.loss(means, step)[1]


@partial(jax.jit, static_argnums=(0, 1, 2))
def split_metrics(
    spec: Spec,
    layout: Layout,
    batch: int,
    split: SplitArrays,
    members: Hyperparameters,
    params: Arrays,
    variables: Arrays,
    step: Int[Array, " members"],
) -> Metrics:
    """Evaluate every member on all images; the random draws for an image are always the same.

    Args:
        spec: the members'.
        layout: the devices of the members.
        batch: images at a time; affects only memory and time. Objectives whose terms depend on the batch use the
            training batch size instead.
        split: the images.
        members: each number `[members]`.
        params, variables: with a leading members axis.
        step: how many steps each member has taken, which sets beta_kl.

    Returns:
        means over the images, each `[members]`; the number of `active_units`; and, if the objective has such a term,
        the mean `rates`, `[members, parts]`, by latent unit (or group, level, code position).
    """
    of_one = partial(_member_metrics, spec, batch)
    return for_members(layout, of_one, split, members, params, variables, step)


def evaluator_of(group: Group, layout: Layout, dataset: Dataset) -> Evaluator:
    """Return a function that evaluates all members of a group on the validation images, if any, and the test images."""
    splits = {name: split_arrays(split) for name, split in dataset.held_out.items()}
    wanted = group.configs[0].eval.batch_size

    def evaluate(members: Hyperparameters, state: TrainState) -> dict[str, Metrics]:
        weights = (members, state.evaluated, state.variables, state.step)
        return {
            name: split_metrics(group.spec, layout, min(wanted, len(split.images)), split, *weights)
            for name, split in splits.items()
        }

    return evaluate
