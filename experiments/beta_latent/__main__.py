"""beta_KL by latent size, on digits and on photographs: `python -m experiments.beta_latent [--quick]`."""

from collections.abc import Mapping
from pathlib import Path

from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import rows_of
from vae_jax.research.experiment import Experiment, Findings, Training, main

LABELS = {
    "test.rate": "rate: KL, nats per image",
    "test.distortion": "distortion, nats per image",
    "test.elbo": "test ELBO, nats per image",
    "active_units": "active units",
    "beta_kl": "beta_KL",
    "latent_dim": "latent",
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows = [row for name, sweep in trained.items() for row in rows_of(sweep, data=name)]
    shown = []
    for name in trained:
        mine = [row for row in rows if row["data"] == name]
        for column in ("test.rate", "test.distortion", "test.elbo", "active_units"):
            log = "xy" if column == "test.rate" else "x"
            shown.append(Panel(mine, "beta_kl", column, "latent_dim", name, LABELS, log))
    seeds = {row["seed"] for row in rows}
    pictures = {"beta_latent": panels(shown, f"beta_KL by latent size, bars over {len(seeds)} seeds", 4)}
    for name, sweep in trained.items():
        figures = sweep.figures()
        names = {"rate_distortion": f"rate_distortion_{name}", "sweep_latent_spaces": f"latent_spaces_{name}"}
        pictures |= {kept: figures[figure] for figure, kept in names.items() if figure in figures}
    return Findings(rows, pictures)


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {"model.hidden": (128,), "train.epochs": 10, "train.steps_per_epoch": 100, "train.batch_size": 64},
            ("beta_kl=0.1,0.3,1,3,10", "latent_dim=2,10,50", "seed=range(3)"),
        ),
        "dogpeople": Training(
            "dogpeople",
            {"model.hidden": (256,), "train.epochs": 10},
            ("beta_kl=0.3,1,3", "latent_dim=2,10,50", "seed=range(3)"),
        ),
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
