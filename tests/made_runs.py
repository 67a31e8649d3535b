"""Run folders as training leaves them, made in a moment: nothing was trained and nothing is drawn."""

import jax

from vae_jax.data.kept_data import keep_data
from vae_jax.run_folder import RunFolder
from vae_jax.sweep_language import expand
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.cohorts import cohort_of, write_members
from vae_jax.training.devices import Layout
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.steps import init_state


def make_run(folder, config, dataset):
    """Write a run folder with the starting weights of every member; return the cohort and its state."""
    run = RunFolder(folder)
    run.create(config)
    keep_data(run.data(config, config), dataset)
    cohort = cohort_of("group_0", list(enumerate(expand(config))), dataset)
    write_members(run.checkpoints / cohort.name, cohort)
    state = init_state(cohort.spec, Layout(), hyperparameters_of(cohort.configs, cohort.steps_per_epoch))
    checkpoints = Checkpoints(run.checkpoints / cohort.name, 1)
    record = {"step": 0, "seconds": {}, "last": {}, "data": dataset.fingerprint}
    checkpoints.save(0, jax.device_get(state), record)
    checkpoints.close()
    return cohort, state
