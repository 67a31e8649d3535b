"""A program of its own: trains a grid on as many devices as it has, and keeps what came out."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from small_runs import small_config, small_dataset

from vae_jax.evaluation.metrics import split_metrics
from vae_jax.sweep_language import expand
from vae_jax.training.devices import Layout, mesh_of
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import TrainData, init_state, train_block

GRID = ("beta_kl=0.5,1,4", "latent_dim=2,5", "seed=1,2")


def train(layout):
    """Train the grid for 200 steps, padded as the layout asks; return all numbers of each member."""
    configs, dataset = expand(small_config(sweep=GRID)), small_dataset()
    padding = layout.padded(len(configs)) - len(configs)
    program = spec_of(configs, dataset)
    members = layout.place(hyperparameters_of([*configs, *[configs[-1]] * padding], steps_per_epoch=5))
    images = (jnp.asarray(dataset.train.images), jnp.asarray(dataset.draws))
    data = TrainData(*layout.place(images, shared=True))
    state, metrics = train_block(program, layout, 200, data, members, init_state(program, layout, members))
    test = layout.place(jnp.asarray(dataset.test.images), shared=True)
    judged = split_metrics(program, layout, 4, test, members, state.params, state.step)
    return [np.asarray(leaf)[: len(configs)] for leaf in jax.tree.leaves((state.params, metrics, judged))]


if __name__ == "__main__":
    out, data_devices = sys.argv[1], int(sys.argv[2])
    np.savez(out, *train(Layout(1, mesh_of(jax.devices(), data_devices))))
