"""A program of its own: trains a small grid in one program and members alone, and compares them."""

import jax
import numpy as np
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.training.examples import train_data
from vae_jax.training.extraction import state_alone
from vae_jax.training.groups import group_of
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state, train_block

DATASET = small_dataset()


def trained(configs):
    """Train members for 40 steps; return their group and state."""
    group = group_of("group_0", list(enumerate(configs)), DATASET)
    members = hyperparameters_of(configs, steps_per_epoch=5)
    state = init_state(group.spec, Layout(), members)
    for _ in range(4):
        state, _ = train_block(group.spec, Layout(), 10, train_data(DATASET), members, state)
    return group, state


def main():
    """Say of each member of the largest size whether it is to the bit what it is alone."""
    # To sort (for batches without replacement) and to draw normal weights would take longest to compile.
    quick = {"data": {"sampling": "replacement"}, "model": {"init": "blog", "hidden": (8,)}}
    grid = small_config(sweep=("beta_kl=0.5,4", "latent_dim=2,5", "seed=1,2"), **quick)
    configs = expand(grid)
    group, together = trained(configs)
    for k, config in enumerate(configs):
        if config.model.latent_dim == 5:
            ours, theirs = state_alone(group, k, together), trained([config])[1]
            pairs = zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True)
            print(k, "to the bit" if all(np.array_equal(a, b) for a, b in pairs) else "not to the bit")


if __name__ == "__main__":
    main()
