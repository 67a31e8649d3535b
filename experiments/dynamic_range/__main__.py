"""Test people changed in one way at a time, and their reconstruction losses: `python -m experiments.dynamic_range`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from experiments.dynamic_range.changes import CHANGES, Images
from vae_jax import Sweep, Trained
from vae_jax.data.contrast import keep, stretch
from vae_jax.experiment import Experiment, Findings, Training, main
from vae_jax.figures.panels import Panel, panels
from vae_jax.readings import held_out_files
from vae_jax.stopping import leave

AGES = ((0, 3), (4, 19), (20, 39), (40, 59), (60, 120))
SIZES = {"model.hidden": (500,), "train.epochs": 20}
LABELS = {"mse": "mean squared error per pixel", "unexplained": "share of the image's variance", "change": ""}


def losses(model: Trained, images: Images) -> dict[str, np.ndarray]:
    """Of each image: the squared error per pixel of its reconstruction, and that as a share of its own variance."""
    x, y = images / 255, model.encode(images).reconstructions / 255
    error = ((x - y) ** 2).mean(axis=(1, 2, 3))
    return {"mse": error, "unexplained": error / x.var(axis=(1, 2, 3)).clip(1e-6)}


def row(found: dict[str, np.ndarray], unchanged: dict[str, np.ndarray] | None = None, **about: Any) -> dict[str, Any]:
    """Means over images and their standard errors; against the same images unchanged, the ratios of the means."""
    n = len(found["mse"])
    means = {name: float(values.mean()) for name, values in found.items()}
    errors = {f"{name}_error": float(values.std() / n**0.5) for name, values in found.items()}
    against = {f"{name}_ratio": means[name] / float(unchanged[name].mean()) for name in means} if unchanged else {}
    return {**about, "n": n, **means, **errors, **against}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows: list[dict[str, Any]] = []
    for name, sweep in trained.items():
        model = sweep.load(0)
        tones: Callable[[Any], Any] = stretch if model.config.data.contrast == "stretch" else keep
        people, dogs = (model.test.images[model.test.labels == label] for label in (0, 1))
        plain = losses(model, people)
        for change, of in CHANGES.items():
            # Whoever stretches tones stretches a friend's too.
            changed = np.stack([tones(image) for image in of(people)])
            rows.append(row(losses(model, changed), plain, model=name, who="people", change=change))
        rows.append(row(losses(model, dogs), model=name, who="dogs", change="none"))
        ages = np.array([int(file["age"]) for file in held_out_files(model) if file["class"] == "people"])
        for low, high in AGES if len(ages) else ():  # drawn faces have no age
            among = (ages >= low) & (ages <= high)
            if among.any():
                found = {key: values[among] for key, values in plain.items()}
                rows.append(row(found, model=name, who=f"people of {low} to {high}", change="none"))
        own = people.std(axis=(1, 2, 3))
        for key, values in plain.items():
            correlation, p = spearmanr(own, values)
            rows.append(
                {"model": name, "who": f"rank correlation of contrast and {key}", "n": len(own)}
                | {"correlation": correlation, "p": p}
            )
    changed = [each for each in rows if each["who"] == "people"]
    shown = [Panel(changed, "change", y, "model", labels=LABELS) for y in ("mse", "unexplained")]
    # No photograph is kept: the terms of UTKFace do not allow it.
    return Findings(rows, {"losses": panels(shown, "test people, changed in one way at a time", 1)})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "as_they_are": Training("dogpeople", SIZES),
        "stretched": Training("dogpeople", {**SIZES, "data.contrast": "stretch"}),
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
