"""The README of pythae 0.1.2 beside our numbers: `python -m experiments.likelihoods.pythae [--short] [--quick]`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp

import vae_jax
from experiments.likelihoods.published import beside
from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time
from vae_jax.research.experiment import Experiment, Findings, Training, main
from vae_jax.schedules.rates import Share

# Negative log-likelihood in nats (README of its scripts for reproducing papers), and the epochs of those scripts.
PUBLISHED = {
    "vae": (89.78, 500),
    "vamp": (85.79, 2000),
    "iwae": (86.82, 3280),
    "miwae": (85.09, 3280),
    "piwae": (84.58, 3280),
    "ciwae": (84.74, 3280),
}
LABELS = {"bound": "test bound, nats per image", "training": ""}


@vae_jax.register("rate", "pythae_steps")
def pythae_steps(t: Share, end: Share) -> Share:
    """The rate falls by 10^(-1/5) after 200 and after 350 of 500 epochs."""
    del end
    falls = jnp.asarray(t >= 200 / 500, jnp.float32) + jnp.asarray(t >= 350 / 500, jnp.float32)
    return 10 ** (-falls / 5)


def published(name: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"training": name, "published_nll": PUBLISHED[name][0]}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows, lines = [], []
    for name, sweep in trained.items():
        rows += beside(sweep, (), lambda row, name=name: published(name, row), PUBLISHED[name][1])
        for line in metrics_over_time(sweep):
            lines.append({**line, "training": name, "bound": line.get("bound", line["elbo"])})
    shown = [Panel(lines, "step", "bound", "training", "each model's own bound", LABELS, "x")]
    return Findings(rows, {"bounds": panels(shown, "MNIST, the models of pythae's table", 1)})


BURDA = {
    "model.hidden": (200, 200),
    "model.latent_dim": 50,
    "model.activation": "tanh",
    "optimiser.schedule": "staircase",
    "optimisers.adam.eps": 1e-4,
    "train.batch_size": 20,
    "train.epochs": 3280,
    "eval.nll_samples": 5000,
}
SHORT = {"train.epochs": 4}
EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "vae": Training(
            "binarized_mnist",
            {
                "data.validation_fraction": 1 / 6,
                "model.hidden": (400,),
                "model.latent_dim": 40,
                "model.activation": "relu",
                "optimiser.learning_rate": 1e-4,
                "optimiser.schedule": "pythae_steps",
                "train.batch_size": 100,
                "train.epochs": 500,
                "train.keep_best": True,
                "eval.nll_samples": 200,
            },
        ),
        "iwae": Training("binarized_mnist", {**BURDA, "objective.name": "iwae", "objective.samples": 50}, short=SHORT),
        **{
            name: Training(
                "mnist",
                {**BURDA, "data.binarise": "drawn", "objective.name": name, "objective.samples": 64, **own},
                short=SHORT,
            )
            for name, own in (
                ("miwae", {"objectives.miwae.groups": 8}),
                ("piwae", {"objectives.piwae.groups": 8}),
                ("ciwae", {}),
            )
        },
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
