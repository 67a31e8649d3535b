"""One member out of a group, as the model that its settings alone would have given."""

from functools import partial

import jax

from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState, init_state


def state_shapes(group: Group) -> TrainState:
    """Return the shapes and types of a group's state; nothing is computed."""
    numbers = hyperparameters_of(group.configs, group.steps_per_epoch)
    shapes: TrainState = jax.eval_shape(partial(init_state, group.spec, Layout()), numbers)
    return shapes


def spec_alone(group: Group, index: int) -> Spec:
    """Return the spec that a member would have alone: with its own number of latent units."""
    return group.spec.with_latent_dim(group.configs[index].model.latent_dim)


def state_alone(group: Group, index: int, state: TrainState) -> TrainState:
    """Take a member's state out of its group's, cut to the member's own size.

    Args:
        group: the members.
        index: the member's place in the group.
        state: of all of them.

    Returns:
        the state of a group of one.
    """
    numbers = hyperparameters_of([group.configs[index]], group.steps_per_epoch)
    sizes = jax.eval_shape(partial(init_state, spec_alone(group, index), Layout()), numbers)
    # The first units are the member's own, in every array that has an axis of units.
    alone: TrainState = jax.tree.map(
        lambda size, leaf: leaf[(slice(index, index + 1), *(slice(n) for n in size.shape[1:]))], sizes, state
    )
    return alone
