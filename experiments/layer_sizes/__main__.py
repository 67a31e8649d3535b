"""Widths by depths on MNIST, a training each so that each has its own time: `python -m experiments.layer_sizes`."""

from collections.abc import Mapping
from pathlib import Path

from vae_jax import Sweep
from vae_jax.experiment import Experiment, Findings, Training, main, parameters, rows_of, train_seconds
from vae_jax.figures.panels import Panel, panels
from vae_jax.stopping import leave

WIDTHS, DEPTHS, EPOCHS = (100, 400, 1000), (1, 2, 3), 5
LABELS = {
    "test.elbo": "test ELBO, nats per image",
    "elbo": "training ELBO, nats per image",
    "width": "units in each hidden layer",
    "parameters": "parameters",
    "seconds": "seconds of training, one model",
    "depth": "hidden layers:",
    "epoch": "epoch of 100 steps",
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows, curves = [], []
    for name, sweep in trained.items():
        width, depth = map(int, name.split("x"))
        seconds = train_seconds(sweep) / len(sweep.members)
        more = {"width": width, "depth": depth, "parameters": parameters(sweep), "seconds": seconds}
        rows += rows_of(sweep, **more)
        lines = [line for line in sweep.load(0).metrics() if line["split"] == "train"]
        last = lines[-1]["epoch"]
        curves += [
            {"net": name, "epoch": line["epoch"], "elbo": line["elbo"], "seconds": seconds * line["epoch"] / last}
            for line in lines
        ]
    shown = [
        Panel(rows, "width", "test.elbo", "depth", "equal steps", LABELS, "x"),
        Panel(rows, "parameters", "test.elbo", "depth", "equal steps", LABELS, "x"),
        Panel(curves, "epoch", "elbo", "net", "over steps, width x depth", LABELS),
        Panel(curves, "seconds", "elbo", "net", "over seconds, width x depth", LABELS, "x"),
    ]
    return Findings(rows, {"layer_sizes": panels(shown, "MNIST, latent 10, beta_KL 1, 500 steps, bars over two seeds")})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        f"{width}x{depth}": Training(
            "mnist",
            {
                "model.hidden": (width,) * depth,
                "model.latent_dim": 10,
                "train.epochs": EPOCHS,
                "train.steps_per_epoch": 100,
                "train.batch_size": 64,
                "log.every_steps": 25,
            },
            ("seed=range(2)",),
        )
        for width in WIDTHS
        for depth in DEPTHS
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
