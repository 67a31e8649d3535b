"""A small data set, program and run that several tests start from."""

import dataclasses
from pathlib import Path

import numpy as np

from vae_jax.config.parts import checked_parts
from vae_jax.config.schema import Config
from vae_jax.data.dataset import Dataset, Split
from vae_jax.training.spec import spec_of

NO_PICTURES, ONE_DRAWN = "--config.eval.figure_members=0", "--config.eval.figure_members=1"


def small_dataset(n=60, seed=0):
    """Bright and dark squares with noise, two classes."""
    draw = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.int32)
    images = draw.integers(0, 80, (n, 6, 6, 1)) + 150 * labels[:, None, None, None]
    images = images.astype(np.uint8)
    cut = n * 5 // 6
    train, test = Split(images[:cut], labels[:cut]), Split(images[cut:], labels[cut:])
    return Dataset("small", "made by the tests", train, test, ("dark", "bright"))


def small_config(**sections):
    """The defaults at a small size, with fields of sections replaced: `train={"epochs": 2}`.

    Settings of parts come as `parts={"posteriors": {"iaf": {"blocks": 1}}}`.
    """
    config = dataclasses.replace(
        Config(),
        model=dataclasses.replace(Config().model, hidden=(8,)),
        train=dataclasses.replace(Config().train, epochs=4, steps_per_epoch=5, batch_size=10),
        eval=dataclasses.replace(Config().eval, batch_size=4),
    )
    if parts := sections.pop("parts", None):
        config = dataclasses.replace(config, parts=checked_parts(parts))
    for name, fields in sections.items():
        value = dataclasses.replace(getattr(config, name), **fields) if isinstance(fields, dict) else fields
        config = dataclasses.replace(config, **{name: value})
    return config


def small_spec(**sections):
    """The spec of `small_config` on `small_dataset`."""
    return spec_of([small_config(**sections)], small_dataset())


def digits_command(folder, *more):
    """A command line that trains a small model on the embedded digits for 20 steps, and draws nothing."""
    config = Path(__file__).parents[1] / "configs" / "digits.py"
    shorter = ["--config.model.hidden=(16,)", "--config.train.steps_per_epoch=5", "--config.train.epochs=4"]
    return ["vae_jax.main", f"--config={config}", f"--workdir={folder}", *shorter, NO_PICTURES, *more]
