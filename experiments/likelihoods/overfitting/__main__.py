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
KEPT = (
    "binarise",
    "patience",
    "best_step",
    "ended_in_step",
    "train.elbo",
    "validation.elbo",
    "test.elbo",
    "test.nll",
    "test.nll_standard_error",
    "test.nll_samples",
)


def at_the_end(sweep: Sweep) -> dict[int, dict[str, float]]:
    """Return the last training and test ELBO of every member, by its number, and how far they are apart."""
    last = {split: {line["member"]: line for line in metrics_over_time(sweep, split)} for split in ("train", "test")}
    return {
        member: {
            "last_epoch": line["epoch"],
            "last_train_elbo": line["elbo"],
            "last_test_elbo": last["test"][member]["elbo"],
            "last_gap": line["elbo"] - last["test"][member]["elbo"],
        }
        for member, line in last["train"].items()
    }


def examine(trained: Mapping[str, Sweep]) -> Findings:
    sweep = trained["mnist"]
    ends = at_the_end(sweep)
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
    table = [{name: row.get(name) for name in KEPT} | ends[row["member"]] for row in rows_of(sweep)]
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
