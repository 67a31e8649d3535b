"""Test people changed in one way at a time, and strangers: how well each is reconstructed.

`python -m experiments.dynamic_range`
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from experiments.dynamic_range.changes import CHANGES, Images, coarse, crops
from experiments.dynamic_range.strangers import SIDE, strangers
from vae_jax import Sweep, Trained
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import held_out_files, squared_errors
from vae_jax.research.experiment import Experiment, Findings, Training, main
from vae_jax.runs.friends import as_its_tones

AGES = ((0, 3), (4, 19), (20, 39), (40, 59), (60, 120))
SIZES = {"model.hidden": (500,), "train.epochs": 20}
SEEDS = ("seed=range(3)",)
Tones = Callable[[Images], Images]
LABELS = {"mse": "mean squared error per pixel", "unexplained": "share of the images' variance", "change": ""}


class Losses(NamedTuple):
    """Of each image: its reconstruction's squared error per pixel, the mean over models; and its own variance."""

    mse: np.ndarray
    variance: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """How much of each image's variance is left over."""
        return self.mse / self.variance.clip(1e-6)


def losses(models: Sequence[Trained], images: Images) -> Losses:
    mse = np.mean([squared_errors(model, images) for model in models], axis=0)
    return Losses(mse, (images / 255).var(axis=(1, 2, 3)))


def best_crop(models: Sequence[Trained], images: Images, tones: Tones) -> Losses:
    """Return the losses of each image in that of its crops of which the least share is left over."""
    found = [losses(models, tones(crop)) for crop in crops(images)]
    best = np.argmin([each.shares for each in found], axis=0)
    mse, variance = (np.stack(columns)[best, np.arange(len(images))] for columns in zip(*found, strict=True))
    return Losses(mse, variance)


def row(found: Losses, unchanged: Losses | None = None, **about: Any) -> dict[str, Any]:
    """Means over images, and their standard errors; and ratios to those of the same images unchanged.

    The share left over is that of all images' variance together, so that no picture that is almost black decides.
    """
    n, share = len(found.mse), found.mse.sum() / found.variance.sum()
    means = {"mse": float(found.mse.mean()), "unexplained": float(share)}
    off = (found.mse - share * found.variance) / found.variance.mean()
    errors = {"mse_error": float(found.mse.std() / n**0.5), "unexplained_error": float(off.std() / n**0.5)}
    before = row(unchanged) if unchanged else {}
    against = {f"{name}_ratio": means[name] / before[name] for name in means if before}
    return {**about, "n": n, **means, **errors, **against}


def tones_of(model: Trained) -> Tones:
    """Return what is done to the tones of images: whoever stretches those of its own stretches a friend's too."""
    return lambda images: np.stack([as_its_tones(image, model) for image in images])


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
        others = strangers(model)
        rows.append(row(losses(models, tones(others)), model=name, who="strangers", change="strangers"))
        for who, images in (
            ("averaged", coarse(people, SIDE)),
            ("picked", coarse(people, SIDE, averaged=False)),
            ("strangers", others),
        ):
            found = best_crop(models, images, tones)
            whose = "strangers" if images is others else "people"
            rows.append(row(found, model=name, who=whose, change=f"{who}, best crop"))
        rows.append(row(losses(models, dogs), model=name, who="dogs", change="none"))
        ages = np.array([int(file["age"]) for file in held_out_files(model) if file["class"] == "people"])
        for low, high in AGES if len(ages) else ():  # drawn faces have no age
            among = (ages >= low) & (ages <= high)
            if among.any():
                found = Losses(plain.mse[among], plain.variance[among])
                rows.append(row(found, model=name, who=f"people of {low} to {high}", change="none"))
        own = people.std(axis=(1, 2, 3))
        for key, values in (("mse", plain.mse), ("unexplained", plain.shares)):
            correlation, p = spearmanr(own, values)
            rows.append(
                {"model": name, "who": f"rank correlation of contrast and {key}", "n": len(own)}
                | {"correlation": correlation, "p": p}
            )
    changed = [each for each in rows if each["who"] in ("people", "strangers")]
    shown = [Panel(changed, "change", y, "model", labels=LABELS, error=f"{y}_error") for y in ("mse", "unexplained")]
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
