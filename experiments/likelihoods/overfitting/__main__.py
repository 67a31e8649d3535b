"""Burda's model on fixed and on drawn binarisation: `python -m experiments.likelihoods.overfitting [--quick]`."""

from collections.abc import Mapping
from pathlib import Path

from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time, rows_of
from vae_jax.research.experiment import Experiment, Findings, Training, main

LABELS = {"elbo": "ELBO, nats per image", "split": ""}
LOWEST = -115  # nats; the first epochs would fill the scale
KEPT = ("binarise", "patience", "best_step", "ended_in_step", "train.elbo", "validation.elbo", "test.elbo", "test.nll")


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows = [row for sweep in trained.values() for row in rows_of(sweep)]
    sweep = trained["mnist"]
    lines = [
        {**line, "split": split}
        for split in ("train", "test")
        for line in metrics_over_time(sweep, split)
        if line["elbo"] > LOWEST and not line["patience"]
    ]
    shown = [
        Panel([line for line in lines if line["binarise"] == how], "epoch", "elbo", "split", title, LABELS)
        for how, title in (("fixed", "binarised once"), ("drawn", "drawn in every step"))
    ]
    table = [{name: row[name] for name in KEPT if name in row} for row in rows]
    title = f"MNIST, {sweep.load(0).spec.sizes}: training and test ELBO"
    return Findings(table, {"overfitting": panels(shown, title, 2, one_scale=True)})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {
                "data.validation_fraction": 1 / 6,
                "model.hidden": (200, 200),
                "model.latent_dim": 50,
                "model.activation": "tanh",
                "train.batch_size": 100,
                "train.epochs": 100,
                "train.keep_best": True,
                "eval.every_epochs": 1,
                "eval.nll_samples": 500,
            },
            ("binarise=fixed,drawn", "patience=0,10"),
        )
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
