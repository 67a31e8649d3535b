"""A program of its own: trains a grid on as many devices as it has, and keeps what came out."""

import sys

import jax
import numpy as np
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.evaluation.metrics import split_metrics
from vae_jax.training.examples import split_arrays, train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout, mesh_of
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

GRID = ("beta_kl=0.5,1,4", "latent_dim=2,5", "seed=1,2")


def train(layout):
    """Train the grid for 200 steps, padded as the layout asks; return all numbers of each member."""
    configs, dataset = expand(small_config(sweep=GRID)), small_dataset()
    padding = layout.padded(len(configs)) - len(configs)
    spec = spec_of(configs, dataset)
    members = layout.place(hyperparameters_of([*configs, *[configs[-1]] * padding], steps_per_epoch=5))
    data = layout.place(train_data(dataset), shared=True)
    state, metrics = train_block(spec, layout, 200, data, members, init_state(spec, layout, members))
    test = layout.place(split_arrays(dataset.test), shared=True)
    evaluated = split_metrics(spec, layout, 4, test, members, state.params, state.variables, state.step)
    return [np.asarray(leaf)[: len(configs)] for leaf in jax.tree.leaves((state.params, metrics, evaluated))]


if __name__ == "__main__":
    out, data_devices = sys.argv[1], int(sys.argv[2])
    np.savez(out, *train(Layout(1, mesh_of(jax.devices(), data_devices))))
