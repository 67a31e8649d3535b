"""Six schedules, two heights of beta_KL, three seeds, in one program: `python -m experiments.warmup [--quick]`."""

from collections.abc import Mapping
from pathlib import Path

from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time, rows_of, units_over_time
from vae_jax.research.experiment import Experiment, Findings, Training, main

MOMENTS = (200, 1000)  # steps at which the table has the rate too
LOWEST = -200  # nats; members are lower than that while they pay little for the KL
LABELS = {
    "rate": "test KL, nats per image",
    "elbo": f"test ELBO above {LOWEST}, nats per image",
    "active_units": "active units",
    "beta_kl": "beta_KL",
    "warmup": "",
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    sweep = trained["mnist"]
    heights = {row["member"]: row["beta_kl"] for row in sweep.members}
    tested, units = metrics_over_time(sweep), units_over_time(sweep)
    last = max(row["step"] for row in tested)
    shown = []
    for height in sorted(set(heights.values())):
        for table, column in ((tested, "rate"), (units, "active_units"), (tested, "elbo")):
            # A line's own beta_kl is that of its moment. The first steps, and low ELBOs, would fill the scale.
            mine = [row for row in table if heights[row["member"]] == height and 20 * row["step"] > last]
            if column == "elbo":
                mine = [row for row in mine if row["elbo"] > LOWEST]
            mine.sort(key=lambda row: row["member"])  # schedules in one order, and so in one colour, everywhere
            log = "y" if column == "rate" else ""
            shown.append(Panel(mine, "step", column, "warmup", f"beta_KL {height:g}", LABELS, log))
    rates = {(row["member"], row["step"]): row["rate"] for row in tested}
    rows = [
        {**row, **{f"test.rate_at_{step}": rates.get((row["member"], step)) for step in MOMENTS}}
        for row in rows_of(sweep)
    ]
    sizes, seeds = sweep.load(0).spec.sizes, {row["seed"] for row in sweep.members}
    title = f"MNIST, {sizes}, {last:,} steps, means of {len(seeds)} seeds"
    return Findings(rows, {"warmup": panels(shown, title, 3, one_scale=True)})


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "mnist": Training(
            "mnist",
            {
                "model.hidden": (128,),
                "model.latent_dim": 50,
                "train.steps_per_epoch": 100,
                "train.batch_size": 64,
                "eval.every_epochs": 1,
                "checkpoint.every_epochs": 1,
                "checkpoint.keep": 20,
            },
            ("warmup=constant,linear,delayed,sigmoid,cosine,cyclical", "beta_kl=1,4", "seed=range(3)"),
        )
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
