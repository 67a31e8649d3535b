"""One member of a group, as a single run of its settings would have trained it."""

from collections.abc import Sequence
from functools import partial

import jax

from vae_jax.config.schema import Config
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState, init_state


def state_shapes(spec: Spec, configs: Sequence[Config]) -> TrainState:
    """Return the shapes and types of the state of some members; nothing is computed."""
    shapes: TrainState = jax.eval_shape(partial(init_state, spec, Layout()), hyperparameters_of(configs, 1))
    return shapes


def spec_alone(group: Group, index: int) -> Spec:
    """Return the spec of a single run of a member: with its own number of latent units."""
    return group.spec.with_latent_dim(group.configs[index].model.latent_dim)


def state_alone(group: Group, index: int, state: TrainState) -> TrainState:
    """Take a member out of its group's state: the state of a group of one, cut to the member's latent size."""
    sizes = state_shapes(spec_alone(group, index), [group.configs[index]])
    # In every array with an axis of units the member uses the first ones.
    alone: TrainState = jax.tree.map(
        lambda size, leaf: leaf[(slice(index, index + 1), *(slice(n) for n in size.shape[1:]))], sizes, state
    )
    return alone
