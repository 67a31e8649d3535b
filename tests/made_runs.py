"""Run folders as training leaves them, made in a moment: nothing was trained and nothing is drawn."""

import jax

from vae_jax.config.sweep_language import expand
from vae_jax.data.kept_data import keep_data
from vae_jax.runs.folder import RunFolder
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.groups import group_of, write_members
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state


def make_run(folder, config, dataset):
    """Write a run folder with the starting weights of every member; return the group and its state."""
    run = RunFolder(folder)
    run.create(config)
    keep_data(run.data(config, config), dataset)
    group = group_of("group_0", list(enumerate(expand(config))), dataset)
    write_members(run.checkpoints / group.name, group)
    state = init_state(group.spec, Layout(), hyperparameters_of(group.configs, group.steps_per_epoch))
    checkpoints = Checkpoints(run.checkpoints / group.name, 1)
    record = {"step": 0, "seconds": {}, "last": {}, "data": dataset.fingerprint}
    checkpoints.save(0, jax.device_get(state), record)
    checkpoints.close()
    return group, state
