"""Widths by depths, a training each so that each has its own time: `python -m experiments.layer_sizes [--quick]`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_jax import Sweep
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import metrics_over_time, parameters, rows_of, train_seconds
from vae_jax.research.experiment import Experiment, Findings, Training, main

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]
MOMENTS = (2, 4, 6, 8, 12)  # seconds of training
DATA, WIDTHS, DEPTHS, STEPS = ("mnist", "dogpeople"), (100, 300, 900), (1, 2, 3), 1000
LABELS = {
    "test.elbo": "test ELBO, nats per image",
    "elbo": "training ELBO, nats per image",
    "width": "units in each hidden layer",
    "parameters": "parameters",
    "seconds": "seconds of training, one model",
    "depth": "hidden layers:",
    "step": "step",
}


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows: list[Row] = []
    curves: list[Row] = []
    for name, sweep in trained.items():
        data, net = name.split("_")
        width, depth = map(int, net.split("x"))
        seconds = train_seconds(sweep) / len(sweep.members)
        lines = metrics_over_time(sweep, "train")
        last = max(line["step"] for line in lines)
        curve = [{**line, "data": data, "net": net, "seconds": seconds * line["step"] / last} for line in lines]
        more = {"data": data, "width": width, "depth": depth, "parameters": parameters(sweep), "seconds": seconds}
        rows += [{**row, **elbos_after(curve, row["member"])} for row in rows_of(sweep, **more)]
        # The first steps are so far below that nothing else would be seen.
        curves += [point for point in curve if point["step"] > last / 10]
    return Findings(rows, {data: picture(data, rows, curves) for data in dict.fromkeys(row["data"] for row in rows)})


def elbos_after(curve: Sequence[Row], member: int) -> Row:
    """The newest training ELBO of a member at each moment; None where its training had ended by then."""
    mine = [point for point in curve if point["member"] == member]
    found: dict[str, float | None] = {}
    for moment in MOMENTS:
        before = [point["elbo"] for point in mine if point["seconds"] <= moment]
        found[f"train.elbo_after_{moment}_s"] = before[-1] if before and len(before) < len(mine) else None
    return found


def picture(data: str, rows: Sequence[Row], curves: Sequence[Row]) -> "Figure":
    mine, over_time = ([row for row in table if row["data"] == data] for table in (rows, curves))
    shown = [
        Panel(mine, "width", "test.elbo", "depth", "equal steps", LABELS, "x"),
        Panel(mine, "parameters", "test.elbo", "depth", "equal steps", LABELS, "x"),
        Panel(over_time, "step", "elbo", "net", "over steps, width x depth", LABELS),
        Panel(over_time, "seconds", "elbo", "net", "over seconds, width x depth", LABELS, "x"),
    ]
    one, last, seeds = mine[0], max(point["step"] for point in over_time), {row["seed"] for row in mine}
    title = (
        f"{data}, latent {one['latent_dim']}, beta_KL {one['beta_kl']:g}, {last:,} steps, bars over {len(seeds)} seeds"
    )
    return panels(shown, title)


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        f"{data}_{width}x{depth}": Training(
            data,
            {
                "model.hidden": (width,) * depth,
                "train.epochs": STEPS // 100,
                "log.every_steps": 25,
                "eval.figure_members": 0,
                **(
                    {"model.latent_dim": 10, "train.steps_per_epoch": 100, "train.batch_size": 64}
                    if data == "mnist"
                    else {}
                ),
            },
            ("seed=range(2)",),
        )
        for data in DATA
        for width in WIDTHS
        for depth in DEPTHS
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
