"""Table 1 of Burda et al. 2016, one stochastic layer: `python -m experiments.likelihoods.burda [--short] [--quick]`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.likelihoods.published import beside, bounds_over_time
from vae_jax import Sweep
from vae_jax.config.schema import Config
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
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


def name_of(config: Config) -> str:
    return f"{NAMES[config.objective.name]}, k {config.objective.samples}"


def published(config: Config) -> dict[str, Any]:
    nll, units = PUBLISHED[config.objective.name, config.objective.samples]
    return {"model": name_of(config), "published_nll": nll, "published_active_units": units}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows = [{"training": name, **row} for name, sweep in trained.items() for row in beside(sweep, published, WHOLE)]
    lines = [line for sweep in trained.values() for line in bounds_over_time(sweep, name_of)]
    shown = [Panel(lines, "epoch", "bound", "model", "each model's own bound", LABELS)]
    sizes = next(iter(trained.values())).load(0).spec.sizes
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
            short={"train.epochs": 27, "eval.nll_samples": 1000},
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
