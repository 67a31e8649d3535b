"""Test people changed in one way at a time, and strangers: how well each is reconstructed.

`python -m experiments.dynamic_range`
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from experiments.dynamic_range.changes import CHANGES, Images, coarse, crops
from experiments.dynamic_range.strangers import SIDE, strangers
from vae_jax import Sweep, Trained
from vae_jax.data.contrast import keep, stretch
from vae_jax.experiment import Experiment, Findings, Training, main
from vae_jax.figures.panels import Panel, panels
from vae_jax.readings import held_out_files
from vae_jax.stopping import leave

AGES = ((0, 3), (4, 19), (20, 39), (40, 59), (60, 120))
SIZES = {"model.hidden": (500,), "train.epochs": 20}
SEEDS = ("seed=range(3)",)
Tones = Callable[[Images], Images]
LABELS = {"mse": "mean squared error per pixel", "unexplained": "share of the image's variance", "change": ""}


def losses(models: Sequence[Trained], images: Images) -> dict[str, np.ndarray]:
    """Of each image: its reconstruction's squared error per pixel, and that as a share of its own variance.

    Each is the mean over the models.
    """
    x = images / 255
    errors = [((x - model.encode(images).reconstructions / 255) ** 2).mean(axis=(1, 2, 3)) for model in models]
    error = np.mean(errors, axis=0)
    return {"mse": error, "unexplained": error / x.var(axis=(1, 2, 3)).clip(1e-6)}


def best_crop(models: Sequence[Trained], images: Images, tones: Tones) -> dict[str, np.ndarray]:
    """Return the losses of each image in that of 27 crops of which the least share is left over."""
    found = [losses(models, tones(crop)) for crop in crops(images)]
    best = np.argmin([each["unexplained"] for each in found], axis=0)
    return {name: np.choose(best, [each[name] for each in found]) for name in found[0]}


def row(found: dict[str, np.ndarray], unchanged: dict[str, np.ndarray] | None = None, **about: Any) -> dict[str, Any]:
    """Means over images and their standard errors; against the same images unchanged, the ratios of the means."""
    n = len(found["mse"])
    means = {name: float(values.mean()) for name, values in found.items()}
    errors = {f"{name}_error": float(values.std() / n**0.5) for name, values in found.items()}
    against = {f"{name}_ratio": means[name] / float(unchanged[name].mean()) for name in means} if unchanged else {}
    return {**about, "n": n, **means, **errors, **against}


def tones_of(model: Trained) -> Tones:
    """Return what is done to the tones of images: whoever stretches those of its own stretches a friend's too."""
    one: Callable[[Any], Any] = stretch if model.config.data.contrast == "stretch" else keep
    return lambda images: np.stack([one(image) for image in images])


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows: list[dict[str, Any]] = []
    for name, sweep in trained.items():
        models = [sweep.load(k) for k in range(len(sweep.members))]
        model = models[0]
        tones = tones_of(model)
        people, dogs = (model.test.images[model.test.labels == label] for label in (0, 1))
        plain = losses(models, people)
        for change, of in CHANGES.items():
            rows.append(row(losses(models, tones(of(people))), plain, model=name, who="people", change=change))
        others = strangers(people.shape[1])
        rows.append(row(losses(models, tones(others)), plain, model=name, who="strangers", change="strangers"))
        for who, images in (("people, 20 px", coarse(people, SIDE)), ("strangers", others)):
            found = best_crop(models, images, tones)
            rows.append(row(found, plain, model=name, who=who.split(",")[0], change=f"{who}, best crop"))
        rows.append(row(losses(models, dogs), model=name, who="dogs", change="none"))
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
    changed = [each for each in rows if each["who"] in ("people", "strangers")]
    shown = [Panel(changed, "change", y, "model", labels=LABELS) for y in ("mse", "unexplained")]
    # No photograph is kept: the terms of UTKFace do not allow it.
    return Findings(rows, {"losses": panels(shown, "test people, changed in one way at a time, and strangers", 1)})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "as_they_are": Training("dogpeople", SIZES, SEEDS),
        "stretched": Training("dogpeople", {**SIZES, "data.contrast": "stretch"}, SEEDS),
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
