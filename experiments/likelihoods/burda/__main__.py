"""Table 1 of Burda et al. 2016, one stochastic layer: `python -m experiments.likelihoods.burda [--short] [--quick]`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.likelihoods.published import beside
from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time
from vae_jax.research.experiment import Experiment, Findings, Training, main

WHOLE = 3280  # epochs: 3^i at each of eight rates
# Negative log-likelihood in nats and active units (arXiv:1509.00519v4, tables 1 and 2), by objective and samples.
PUBLISHED = {
    ("elbo", 1): (86.76, 19),
    ("elbo", 5): (86.47, 20),
    ("iwae", 5): (85.54, 22),
    ("iwae", 50): (84.78, 25),
}
NAMES = {"elbo": "ELBO", "iwae": "IWAE"}
LABELS = {"bound": "test bound, nats per image", "model": ""}


def published(row: Mapping[str, Any]) -> dict[str, Any]:
    nll, units = PUBLISHED[row["objective.name"], row["samples"]]
    return {"published_nll": nll, "published_active_units": units}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows, lines = [], []
    for sweep in trained.values():
        rows += beside(sweep, ("objective.name", "samples"), published, WHOLE)
        for line in metrics_over_time(sweep):
            # The ELBO's bound is the ELBO itself.
            name = f"{NAMES[line['objective.name']]}, k {line['samples']}"
            lines.append({**line, "model": name, "bound": line.get("bound", line["elbo"])})
    shown = [Panel(lines, "epoch", "bound", "model", "each model's own bound", LABELS)]
    sizes = trained["mnist"].load(0).spec.sizes
    return Findings(rows, {"bounds": panels(shown, f"MNIST, {sizes}, drawn binarisation", 1)})


MODEL = {
    "data.binarise": "drawn",
    "model.hidden": (200, 200),
    "model.latent_dim": 50,
    "model.activation": "tanh",
    "optimiser.schedule": "staircase",
    "optimisers.adam.eps": 1e-4,
    "train.batch_size": 20,
    "eval.nll_samples": 5000,
}
EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {**MODEL, "train.epochs": WHOLE},
            ("zip(objective.name=elbo,elbo,iwae;samples=1,5,5)",),
            short={"train.epochs": 20, "eval.nll_samples": 1000},
        ),
        # Ten times as long a step: far fewer epochs, which the table says.
        "mnist_50": Training(
            "mnist",
            {**MODEL, "objective.name": "iwae", "objective.samples": 50, "train.epochs": 81},
            short={"train.epochs": 4, "eval.nll_samples": 1000},
        ),
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
