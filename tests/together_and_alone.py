"""A program of its own: trains a small grid in one program and members alone, and compares them."""

import jax
import numpy as np
from small_runs import small_config, small_dataset

from vae_jax.sweep_language import expand
from vae_jax.training.cohorts import cohort_of
from vae_jax.training.devices import Layout
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.members import state_alone
from vae_jax.training.steps import init_state, train_block

DATASET = small_dataset()


def trained(configs):
    """Train members for 40 steps; return their cohort and state."""
    cohort = cohort_of("group_0", list(enumerate(configs)), DATASET)
    members = hyperparameters_of(configs, steps_per_epoch=5)
    state = init_state(cohort.spec, Layout(), members)
    for _ in range(4):
        state, _ = train_block(cohort.spec, Layout(), 10, train_data(DATASET), members, state)
    return cohort, state


def main():
    """Say of each member of the largest size whether it is to the bit what it is alone."""
    # To sort (for batches without replacement) and to draw normal weights would take longest to compile.
    quick = {"data": {"sampling": "replacement"}, "model": {"init": "blog", "hidden": (8,)}}
    grid = small_config(sweep=("beta_kl=0.5,4", "latent_dim=2,5", "seed=1,2"), **quick)
    configs = expand(grid)
    cohort, together = trained(configs)
    for k, config in enumerate(configs):
        if config.model.latent_dim == 5:
            ours, theirs = state_alone(cohort, k, together), trained([config])[1]
            pairs = zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True)
            print(k, "to the bit" if all(np.array_equal(a, b) for a, b in pairs) else "not to the bit")


if __name__ == "__main__":
    main()
