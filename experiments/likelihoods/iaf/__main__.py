"""Six posteriors, three seeds, one small model: `python -m experiments.likelihoods.iaf [--quick]`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time, rows_of
from vae_jax.research.experiment import Experiment, Findings, Training, main

NAMES = {"diagonal_gaussian": "diagonal", "full_gaussian": "full", "planar": "planar", "iaf": "IAF"}
LABELS = {
    "test.nll": "test NLL, nats per image",
    "test.elbo": "test ELBO, nats per image",
    "elbo": "test ELBO, nats per image",
    "posterior": "",
}
KEPT = (
    "posterior",
    "seed",
    "parameters",
    "active_units",
    "test.elbo",
    "test.rate",
    "test.nll",
    "test.nll_standard_error",
    "test.nll_samples",
)


def name_of(row: Mapping[str, Any]) -> str:
    blocks = f" {row['blocks']}" if row["posterior"] == "iaf" else ""
    return f"{NAMES[row['posterior']]}{blocks}"


def examine(trained: Mapping[str, Sweep]) -> Findings:
    sweep = trained["mnist"]
    rows = [{**row, "posterior": name_of(row)} for row in rows_of(sweep)]
    lines = [{**line, "posterior": name_of(line)} for line in metrics_over_time(sweep) if line["epoch"] > 2]
    shown = [
        Panel(rows, "posterior", "test.nll", "", "log-likelihood", LABELS),
        Panel(rows, "posterior", "test.elbo", "", "bound", LABELS),
        Panel(lines, "epoch", "elbo", "posterior", "over time", LABELS),
    ]
    sizes = sweep.load(0).spec.sizes
    title = f"MNIST, {sizes}, drawn binarisation, bars over {len({row['seed'] for row in rows})} seeds"
    table = [{name: row[name] for name in KEPT if name in row} for row in rows]
    return Findings(table, {"posteriors": panels(shown, title, 3)})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {
                "data.binarise": "drawn",
                "model.hidden": (200,),
                "model.latent_dim": 16,
                "train.batch_size": 100,
                "train.epochs": 40,
                "eval.nll_samples": 500,
            },
            (
                "zip(posterior=diagonal_gaussian,full_gaussian,planar,iaf,iaf,iaf;posteriors.iaf.blocks=2,2,2,1,2,4)",
                "seed=range(3)",
            ),
        )
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
