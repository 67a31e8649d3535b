"""One member out of a cohort, as the model that its settings alone would have given."""

from functools import partial

import jax

from vae_jax.training.cohorts import Cohort
from vae_jax.training.devices import Layout
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState, init_state


def state_shapes(cohort: Cohort) -> TrainState:
    """Return the shapes and types of a cohort's state; nothing is computed."""
    numbers = hyperparameters_of(cohort.configs, cohort.steps_per_epoch)
    shapes: TrainState = jax.eval_shape(partial(init_state, cohort.spec, Layout()), numbers)
    return shapes


def spec_alone(cohort: Cohort, index: int) -> Spec:
    """Return the spec that a member would have alone: with its own number of latent units."""
    return cohort.spec.with_latent_dim(cohort.configs[index].model.latent_dim)


def state_alone(cohort: Cohort, index: int, state: TrainState) -> TrainState:
    """Take a member's state out of its cohort's, cut to the member's own size.

    Args:
        cohort: the members.
        index: the member's place in the cohort.
        state: of all of them.

    Returns:
        the state of a cohort of one.
    """
    numbers = hyperparameters_of([cohort.configs[index]], cohort.steps_per_epoch)
    sizes = jax.eval_shape(partial(init_state, spec_alone(cohort, index), Layout()), numbers)
    # The first units are the member's own, in every array that has an axis of units.
    alone: TrainState = jax.tree.map(
        lambda size, leaf: leaf[(slice(index, index + 1), *(slice(n) for n in size.shape[1:]))], sizes, state
    )
    return alone
