"""The post's models by its own recipe, and its pictures: `python -m experiments.blog`."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vae_jax import Sweep, Trained
from vae_jax.core.signals import leave
from vae_jax.data.draw_photographs import main as draw_photographs
from vae_jax.morph import main as morph
from vae_jax.research.analysis import class_separation, rows_of, squared_errors
from vae_jax.research.experiment import Experiment, Findings, Training, main

BOTH = {"eval.figure_members": 2}
PHOTOGRAPHS = {**BOTH, "train.epochs": 100}
DRAWN = {**PHOTOGRAPHS, "data.name": "drawn_faces"}
SIZES = ("latent_dim=2,50",)
HELD_AGAINST = 20  # epochs after which the post's program was measured
MOST_COMPONENTS = 5  # the four that are drawn, and the next
DRAWN_FRIENDS = 12  # about half of them people


def spans(model: Trained) -> dict[str, float]:
    """How far the test codes lie from the middle: of all units, and in the first two."""
    codes = np.abs(model.encode(model.test.images).mu)
    return {"span": float(codes.max()), "span_of_first_two": float(codes[:, :2].max())}


def recon_by_class(model: Trained) -> dict[str, float]:
    """Mean squared error per pixel of the reconstructions of each class of faces, with z = mu."""
    errors = squared_errors(model, model.test.images)
    return {f"mse_{name}": float(errors[model.test.labels == k].mean()) for k, name in enumerate(model.class_names[:2])}


def partings(model: Trained) -> dict[str, float]:
    """How far the means of people and dogs lie apart along principal components, in standard deviations of a class."""
    apart = class_separation(model, MOST_COMPONENTS)
    return {f"parting_along_component_{k}": float(value) for k, value in enumerate(apart, 1)}


def recon_in_training(model: Trained) -> dict[str, float]:
    """The mean training loss of the epoch that the post's program was measured at, and of the last one."""
    epochs = {round(line["epoch"]): line["recon"] for line in model.metrics() if line["split"] == "train"}
    return {f"recon_epoch_{k}": epochs[k] for k in {HELD_AGAINST, max(epochs)} if k in epochs}


def friends_into_dogs(run: Path) -> dict[str, Path]:
    """Draw friends that the model has never seen, and turn each into the nearest dog."""
    friends, morphs = run / "friends", run / "morphs"
    for left in (friends, morphs):
        shutil.rmtree(left, ignore_errors=True)
    draw_photographs([f"--out={friends}", f"--count={DRAWN_FRIENDS}", "--seed=7"])
    for other in set((friends / "images").iterdir()) - set((friends / "images").glob("people_*")):
        other.unlink()
    command = [f"--workdir={run}", "--member=1", f"--start={friends / 'images'}", f"--out={morphs}"]
    if morph(command):
        raise RuntimeError(f"{morphs}: no friend became a dog")
    first = sorted(morphs.glob("*_reconstruction.png"))[0]
    return {"cover": morphs / "cover.png", "friend": first}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows: list[dict[str, Any]] = []
    for name, sweep in trained.items():
        for row in rows_of(sweep, data=name):
            model = sweep.load(row["member"])
            faces = {**recon_by_class(model), **partings(model)} if name != "mnist" else {}
            rows.append({**row, **spans(model), **recon_in_training(model), **faces})
    free, priced = (trained["mnist"].load(k).figures() for k in (0, 1))
    few, many = (trained["drawn"].load(k).figures() for k in (0, 1))
    real = trained["photographs"].load(1).figures()
    # Of MNIST and of photographs only what shows none of their images is kept: their terms do not allow more.
    pictures = {
        "mnist_latent_space_beta_0": free["latent_space"],
        "mnist_latent_space_beta_1e-4": priced["latent_space"],
        "mnist_path": priced["path"],
        "mnist_manifold": priced["manifold"],
        "mnist_loss_curves": trained["mnist"].figures()["loss_curves"],
        "faces_2_latent": few["reconstructions"],
        "faces_50_latent": many["reconstructions"],
        "faces_pca": real["pca"],
        "faces_losses": real["loss_histogram"],
        "faces_best_and_worst": many["best_and_worst"],
        **friends_into_dogs(trained["drawn"].folder),
    }
    return Findings(rows, pictures)


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training("mnist_blog", BOTH, ("beta_kl=0,1e-4",)),
        "photographs": Training("dogpeople_blog", PHOTOGRAPHS, SIZES),
        "drawn": Training("dogpeople_blog", DRAWN, SIZES),
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
