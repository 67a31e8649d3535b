"""Reads results of trained sweeps for experiments: tables over members, over time and over test images."""

import csv
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import jax.numpy as jnp
import numpy as np

from vae_jax.api import Sweep
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Images
from vae_jax.data.faces.photographs.outcomes import TABLE
from vae_jax.data.faces.photographs.source import prepared_folder
from vae_jax.data.sources.registry import FROM_PHOTOGRAPHS
from vae_jax.evaluation.activity import active_units
from vae_jax.interpolation.planes import principal_components
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_members, saved_steps
from vae_jax.runs.members import settings_of
from vae_jax.runs.trained import Trained
from vae_jax.training.metrics_log import read_metrics


def _not_failed(trained: Sweep) -> dict[int, Mapping[str, Any]]:
    """Return the rows of the members that did not fail, by their numbers."""
    return {row["member"]: row for row in trained.members if row["failed_in_step"] is None}


def rows_of(trained: Sweep, **more: Any) -> list[dict[str, Any]]:
    """Return the settings, last metrics and `active_units` of the members that did not fail.

    Args:
        trained: a sweep.
        more: columns with the same value in all rows.
    """
    return [{**more, **row, "active_units": int(row["test.active_units"])} for row in _not_failed(trained).values()]


def metrics_over_time(trained: Sweep, split: str = "test") -> list[dict[str, Any]]:
    """Return every logged line of the members that did not fail, with the member's settings."""
    rows = _not_failed(trained)
    lines = read_metrics(RunFolder(trained.folder).metrics)
    return [{**rows[line["member"]], **line} for line in lines if line["split"] == split and line["member"] in rows]


def units_over_time(trained: Sweep) -> list[dict[str, Any]]:
    """Return the `active_units` of the members that did not fail at every `step` with a checkpoint."""
    rows = _not_failed(trained)
    return [
        {**rows[model.member], "step": step, "active_units": int(active_units(jnp.asarray(model.encode_test().mu)))}
        for step in saved_steps(trained.folder)
        for model in load_members(trained.folder, rows, step)
    ]


def squared_errors(model: Trained, images: Images) -> np.ndarray:
    """Return the mean squared error per pixel of each image's reconstruction with z = mu, pixels from 0 to 1.

    Args:
        model: of images of that shape.
        images: uint8 `[n, height, width, channels]`.

    Returns:
        `[n]`.
    """
    x, y = images / 255, model.encode(images).reconstructions / 255
    errors: np.ndarray = ((x - y) ** 2).mean(axis=(1, 2, 3))
    return errors


def class_separation(model: Trained, components: int) -> np.ndarray:
    """Return the distance between the means of the first two classes along the test codes' principal components.

    Args:
        model: of images of two classes or more.
        components: number of components, largest variance first.

    Returns:
        `[components]`, at most the number of latent units, in standard deviations within a class.
    """
    codes = model.encode_test().mu
    found = principal_components(codes)
    along = (codes - found.centre) @ found.directions[:components].T
    first, second = (along[model.test.labels == k] for k in (0, 1))
    spread = np.sqrt((first.var(axis=0) + second.var(axis=0)) / 2)
    apart: np.ndarray = np.abs(first.mean(axis=0) - second.mean(axis=0)) / spread
    return apart


def epochs_of(trained: Sweep) -> int:
    """Return the epochs of the longest training of a sweep."""
    return max(config.train.epochs for config in settings_of(trained.folder).values())


def train_seconds(trained: Sweep) -> float:
    """Return the seconds that the steps of all members took, without compiling and drawing."""
    return float(summary_of(trained)["seconds"]["train"])


def parameters(trained: Sweep) -> int:
    """Return the number of parameters of the largest member."""
    return max(int(member["parameters"]) for member in summary_of(trained)["members"])


def summary_of(trained: Sweep) -> dict[str, Any]:
    """Return the `summary.json` of a sweep.

    Raises:
        UserError: it is missing or incomplete.
    """
    summary = RunFolder(trained.folder).read_summary()
    if summary is None:
        raise UserError(f"{trained.folder}: summary.json is missing or incomplete; train it again")
    return summary


def held_out_files(model: Trained) -> list[dict[str, str]]:
    """Return what is known of the photograph of each test image of a model, in their order.

    Returns:
        rows of the prepared folder's `files.csv`: `file, class, layout, breed, age, gender, race, ...`; none if the
        model's images are not made from photographs.

    Raises:
        UserError: the photographs are not those that the model was trained on.
    """
    config = model.config.data
    if config.name not in FROM_PHOTOGRAPHS:
        return []
    photos, recipe = import_module(f"vae_jax.data.sources.{config.name}").plan(config)
    table = prepared_folder(config.name, photos, recipe, config) / TABLE
    if not photos or not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        held_out = [row for row in csv.DictReader(file) if row["split"] == "test"]
    if [row["class"] for row in held_out] != [model.class_names[label] for label in model.test.labels]:
        raise UserError(f"{table}: lists other photographs than the model's test images; train it again")
    return held_out
