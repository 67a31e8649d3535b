"""The post's two models of digits and two of people and dogs, by its recipe: `python -m experiments.blog [--quick]`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vae_jax import Sweep, Trained
from vae_jax.experiment import Experiment, Findings, Training, main, rows_of
from vae_jax.figures.canvas import finish, new_figure, show, tile
from vae_jax.figures.cover import cover
from vae_jax.figures.passages import losses, strip
from vae_jax.friends import backdrop_of, passages_from

FRIENDS = 7

# Of each model, the figures to keep and their names here: the post's pictures, numbered. Photographs may not be kept, by
# the terms of their sets, so the rows that show images themselves are of faces that the package draws.
KEPT = {
    ("mnist", 0): {"latent_space": "2_latent_space_beta_0", "path": "4_path", "manifold": "5_manifold"},
    ("mnist", 1): {"latent_space": "2_latent_space_beta_1e-4", "manifold": "5_manifold_beta_1e-4"},
    ("dogpeople", 0): {"latent_space": "8_latent_space_2_latent"},
    ("dogpeople", 1): {"latent_space": "8_latent_space_60_latent", "loss_histogram": "11_loss_histogram"},
    ("drawn", 0): {"reconstructions": "7_reconstructions_2_latent"},
    ("drawn", 1): {
        "class_sheets": "6_sheets",
        "reconstructions": "7_reconstructions_60_latent",
        "pca": "8_pca",
        "morphs": "9_morphs",
        "best_and_worst": "12_best_and_worst",
    },
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows, pictures = [], {"3_loss_curves": trained["mnist"].figures()["loss_curves"]}
    for name, sweep in trained.items():
        for row in rows_of(sweep, data=name):
            model = sweep.load(row["member"])
            mu = model.encode(model.test.images).mu[:, :2]
            rows.append({**row, "span_of_z1": float(abs(mu[:, 0]).max()), "span_of_z2": float(abs(mu[:, 1]).max())})
    for (name, member), kept in KEPT.items():
        figures = trained[name].load(member).figures()
        pictures |= {own: figures[figure] for figure, own in kept.items() if figure in figures}
    return Findings(rows, pictures | friends(trained["drawn"].load(1)))


def friends(model: Trained) -> dict[str, Any]:
    """Turn seven test people, whom the model has never seen, into dogs: they stand in for the post's friends."""
    people = model.test.images[model.test.labels == 0]
    picked = np.linspace(0, len(people) - 1, FRIENDS).round().astype(int)
    faces = {f"person {k + 1}": people[index] for k, index in enumerate(picked)}
    backdrop = backdrop_of(model)
    passages = passages_from(faces, None, model, backdrop, 25, "linear")
    figure = new_figure(3.2)
    both = np.stack([passage.start for passage in passages] + [passage.remade for passage in passages])
    show(figure.subplots(), tile(both, FRIENDS, 2, 3), "test people above, what the model makes of them below")
    return {
        "9_person_to_dog": strip(passages[0], backdrop),
        "10_friends": finish(figure, backdrop.title, backdrop.notice),
        "11_friends_among_losses": losses(passages, backdrop),
        "13_cover": cover(passages, backdrop),
    }


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training("mnist_blog", {"train.epochs": 100, "eval.figure_members": 2}, ("beta_kl=0,1e-4",)),
        "dogpeople": Training("dogpeople_blog", {"train.epochs": 60, "eval.figure_members": 2}, ("latent_dim=2,60",)),
        "drawn": Training(
            "dogpeople_blog",
            {"data.name": "drawn_faces", "train.epochs": 30, "eval.figure_members": 2},
            ("latent_dim=2,60",),
        ),
    },
    examine,
)

if __name__ == "__main__":
    sys.exit(main(EXPERIMENT))
