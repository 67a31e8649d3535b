"""What experiments share: train what one declares, and keep its table, its pictures and how they were made."""

import csv
import io
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_collections import ConfigDict

from vae_jax.api import Sweep, get_config, sweep
from vae_jax.config.checks import Role
from vae_jax.config.fields import fields_of
from vae_jax.core.atomic_files import write_text, written_atomically
from vae_jax.core.commands import Flags, exit_status
from vae_jax.core.progress import Console
from vae_jax.core.provenance import ENVIRONMENT
from vae_jax.core.user_paths import from_home
from vae_jax.research.analysis import summary_of
from vae_jax.runs.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORTER = {"train.epochs": 2, "train.steps_per_epoch": 5, "log.every_steps": 0}  # with --quick
COLOURS = 256  # of a kept picture: few enough to be small


@dataclass(frozen=True)
class Training:
    """Models that an experiment trains.

    Attributes:
        config: a name in `configs/`.
        settings: fields that differ from it, by full names.
        sweep: lines such as `seed=range(3)`; none trains one model.
    """

    config: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sweep: tuple[str, ...] = ()

    def resolve(self, *, quick: bool = False) -> ConfigDict:
        """Return the settings that all members have in common; the same with far fewer steps for a quick look."""
        config = get_config(self.config)
        with config.unlocked():
            config.update_from_flattened_dict({"log.tensorboard": False, "eval.figure_members": 1})
            config.update_from_flattened_dict({**self.settings, **(SHORTER if quick else {})})
        return config


@dataclass(frozen=True)
class Findings:
    """What came out of an experiment.

    Attributes:
        rows: of its table, dicts by column.
        pictures: by name, figures or the files of such.
    """

    rows: Sequence[Mapping[str, Any]]
    pictures: "Mapping[str, Figure | Path]"


@dataclass(frozen=True)
class Experiment:
    """A question: what to train, and how to read an answer from it.

    Attributes:
        folder: where its results are kept; its name is the experiment's.
        trainings: by name.
        examine: makes the findings of the trained models, by the names of their trainings.
    """

    folder: Path
    trainings: Mapping[str, Training]
    examine: Callable[[Mapping[str, Sweep]], Findings]


def main(experiment: Experiment, argv: Sequence[str] | None = None) -> int:
    """Do what a command line says: `python -m experiments.NAME [--quick] [--workdir=FOLDER]`.

    Args:
        experiment: the one.
        argv: without the program's name.

    Returns:
        the exit status, as `exit_status` says.
    """
    logging.basicConfig(format="%(message)s", handlers=[Console()])
    logging.getLogger("vae_jax").setLevel(logging.INFO)
    name = experiment.folder.name

    def work() -> None:
        flags = Flags(f"python -m experiments.{name}", "Train, and keep what came of it beside the experiment.")
        flags.add_argument("--quick", action="store_true", help="a look after few steps, kept in the workdir only")
        flags.add_argument("--workdir", type=from_home, default=Path("runs") / "experiments" / name)
        given = flags.parse_args(argv)
        print(f"kept in {conduct(experiment, given.workdir, quick=given.quick)}")

    return exit_status(work, f"experiments.{name}")


def conduct(experiment: Experiment, workdir: Path, *, quick: bool) -> Path:
    """Train what is not trained yet, examine it, and keep the findings.

    Args:
        experiment: the one.
        workdir: of the run folders; quick ones lie in its `quick/`.
        quick: take few steps, and leave the experiment's folder as it is.

    Returns:
        the folder that the findings are in.

    Raises:
        UserError: a training can't be done.
    """
    runs = workdir / "quick" if quick else workdir
    trained = {
        name: sweep(training.resolve(quick=quick), training.sweep, runs / name)
        for name, training in experiment.trainings.items()
    }
    findings = experiment.examine(trained)
    kept = runs / "findings" if quick else experiment.folder
    kept.mkdir(parents=True, exist_ok=True)
    write_text(kept / "results.csv", as_csv(findings.rows))
    for name, picture in findings.pictures.items():
        keep_picture(picture, kept / f"{name}.png")
    command = f"python -m experiments.{experiment.folder.name}{' --quick' if quick else ''}"
    write_text(kept / "provenance.json", json.dumps(provenance(command, experiment, trained), indent=1) + "\n")
    return kept


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as CSV, numbers to six digits; a column is there where any row has it and holds anything."""
    columns = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = (row.get(name) for name in columns)
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in values])
    return text.getvalue()


def keep_picture(picture: "Figure | Path", path: Path) -> None:
    """Write a figure, or copy a picture, as a PNG of few colours."""
    from PIL import Image

    from vae_jax.figures.gallery import pixels_of

    with Image.open(picture) if isinstance(picture, Path) else Image.fromarray(pixels_of(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
        with written_atomically(path) as unfinished:
            few.save(unfinished, "PNG", optimize=True)


def _without_places(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out where things lay on the machine that did it; the data's fingerprint says what they were."""
    places = fields_of(Role.PLACE)
    sections = {
        section: {name: value for name, value in values.items() if f"{section}.{name}" not in places}
        for section, values in config.items()
        if isinstance(values, dict)
    }
    return config | sections


def provenance(command: str, experiment: Experiment, trained: Mapping[str, Sweep]) -> dict[str, Any]:
    """Say all that it takes to repeat an experiment: command, settings, seeds, data, commit, machine and versions."""
    trainings = {}
    for name, each in trained.items():
        folder, training = RunFolder(each.folder), experiment.trainings[name]
        summary = summary_of(each)
        trainings[name] = {
            "config": training.config,
            "settings": dict(training.settings),
            "sweep": list(training.sweep),
            "seeds": sorted({row["seed"] for row in each.members}),
            "data": {name: value for name, value in summary["data"].items() if name != "source"},
            **{part: summary.get(part) for part in ("seconds", *ENVIRONMENT)},
            "resolved": _without_places(json.loads(folder.config.read_text(encoding="utf-8"))),
        }
    return {"command": command, "trainings": trainings}
