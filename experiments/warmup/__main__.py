"""Six schedules, two heights of beta_KL, three seeds, in one program: `python -m experiments.warmup [--quick]`."""

from collections.abc import Mapping
from pathlib import Path

from vae_jax import Sweep
from vae_jax.experiment import Experiment, Findings, Training, main, rows_of
from vae_jax.figures.panels import Panel, panels
from vae_jax.stopping import leave

LABELS = {
    "kl": "KL over training, nats per image",
    "test.elbo": "test ELBO, nats per image",
    "test.rate": "test KL, nats per image",
    "beta_kl": "beta_KL",
    "warmup": "",
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    sweep = trained["mnist"]
    rows = rows_of(sweep)
    schedules = {row["member"]: (row["warmup"], row["beta_kl"]) for row in rows}
    lines = [line for row in rows for line in sweep.load(row["member"]).metrics() if line["split"] == "train"]
    curves = [
        {"epoch": line["epoch"], "kl": line["kl"], "warmup": schedules[line["member"]][0], "height": height}
        for line in lines
        for height in [schedules[line["member"]][1]]
    ]
    over_time = [
        Panel(
            [row for row in curves if row["height"] == height], "epoch", "kl", "warmup", f"beta_KL {height:g}", LABELS
        )
        for height in sorted({row["height"] for row in curves})
    ]
    ends = [Panel(rows, "warmup", column, "beta_kl", labels=LABELS) for column in ("test.elbo", "test.rate")]
    return Findings(rows, {"warmup": panels([*over_time, *ends], "MNIST, 784-128-10, 1,200 steps, three seeds")})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {
                "model.hidden": (128,),
                "model.latent_dim": 10,
                "train.epochs": 12,
                "train.steps_per_epoch": 100,
                "train.batch_size": 64,
            },
            ("warmup=constant,linear,delayed,sigmoid,cosine,cyclical", "beta_kl=1,4", "seed=range(3)"),
        )
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
