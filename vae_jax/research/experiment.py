"""Runs an experiment: trains its models, and writes its table, its figures and their provenance."""

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
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.progress import Console
from vae_jax.core.provenance import ENVIRONMENT
from vae_jax.core.user_paths import from_home
from vae_jax.research.analysis import summary_of
from vae_jax.runs.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORTER = {"train.epochs": 2, "train.steps_per_epoch": 5, "log.every_steps": 0}  # with --quick
QUICK_SAMPLES = 20  # of a log-likelihood, with --quick
COLOURS = 256  # of a stored figure, to keep its file small


@dataclass(frozen=True)
class Training:
    """Models that an experiment trains.

    Attributes:
        config: a name in `configs/`.
        settings: fields that differ from it, by full names.
        sweep: lines such as `seed=range(3)`; without any, one model is trained.
        short: fields that differ with `--short`, where the whole training takes hours; the table says so.
    """

    config: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sweep: tuple[str, ...] = ()
    short: Mapping[str, Any] = field(default_factory=dict)

    def given(self, *, short: bool = False) -> dict[str, Any]:
        """Return the fields that differ from the config."""
        return {**self.settings, **(self.short if short else {})}

    def resolve(self, *, quick: bool = False, short: bool = False) -> ConfigDict:
        """Return the settings that all members have in common, with far fewer steps if `quick`."""
        config = get_config(self.config)
        with config.unlocked():
            config.update_from_flattened_dict({"log.tensorboard": False, "eval.figure_members": 1})
            config.update_from_flattened_dict({**self.given(short=short), **(SHORTER if quick else {})})
            if quick:
                config.eval.nll_samples = min(config.eval.nll_samples, QUICK_SAMPLES)
        return config


@dataclass(frozen=True)
class Findings:
    """The findings of an experiment.

    Attributes:
        rows: of its table, dicts by column. A column `training` names the training of a row; such rows stay in the
            table when others are trained on another machine.
        pictures: by name, figures or image files.
    """

    rows: Sequence[Mapping[str, Any]]
    pictures: "Mapping[str, Figure | Path]"


@dataclass(frozen=True)
class Experiment:
    """An experiment: what to train, and how to evaluate it.

    Attributes:
        folder: of its results, below `experiments/`; the folder's name is the experiment's.
        trainings: by name.
        examine: returns the findings, given the trained models by the names of their trainings.
    """

    folder: Path
    trainings: Mapping[str, Training]
    examine: Callable[[Mapping[str, Sweep]], Findings]

    @property
    def name(self) -> str:
        """Its module below `experiments`, such as `warmup` or `likelihoods.burda`."""
        parts = self.folder.parts
        return ".".join(parts[parts.index("experiments") + 1 :] if "experiments" in parts else parts[-1:])


def main(experiment: Experiment, argv: Sequence[str] | None = None) -> int:
    """Run the command `python -m experiments.NAME [--short] [--quick] [--only=NAMES] [--workdir=FOLDER]`.

    Args:
        experiment: what to run.
        argv: without the program's name.

    Returns:
        the exit status, as `exit_status` says.
    """
    logging.basicConfig(format="%(message)s", handlers=[Console()])
    logging.getLogger("vae_jax").setLevel(logging.INFO)
    name = experiment.name

    def work() -> None:
        flags = Flags(f"python -m experiments.{name}", "Train, and write the findings into the experiment's folder.")
        flags.add_argument("--quick", action="store_true", help="take few steps, and write into the workdir only")
        if any(training.short for training in experiment.trainings.values()):
            flags.add_argument("--short", action="store_true", help="train for fewer epochs; the table says how many")
        flags.add_argument(
            "--only", default="", help=f"train these, comma-separated: {', '.join(experiment.trainings)}"
        )
        flags.add_argument("--workdir", type=from_home, default=Path("runs") / "experiments" / name)
        given = flags.parse_args(argv)
        short = getattr(given, "short", False)
        only = [name for name in given.only.split(",") if name]
        print(f"kept in {conduct(experiment, given.workdir, quick=given.quick, short=short, only=only)}")

    return exit_status(work, f"experiments.{name}")


def conduct(
    experiment: Experiment, workdir: Path, *, quick: bool, short: bool = False, only: Sequence[str] = ()
) -> Path:
    """Train the models that are not trained yet, examine them, and write the findings.

    Args:
        experiment: what to run.
        workdir: the folder of the run folders; those of quick runs are in its `quick/`, of short ones in its `short/`.
        quick: take few steps, and leave the experiment's folder unchanged.
        short: train with the `short` settings.
        only: names of trainings: the findings are of these, and of others that are trained already; () trains all.
            Rows of the kept table that are of other trainings stay in it; pictures are of what is trained here.

    Returns:
        the folder of the findings.

    Raises:
        UserError: a model can't be trained, or there is no training of such a name.
    """
    for name in only:
        if name not in experiment.trainings:
            known = list(experiment.trainings)
            raise UserError(f"--only: found {name!r}; needs some of {', '.join(known)}{nearest(name, known)}")
    runs = workdir / "quick" if quick else workdir / "short" if short else workdir
    wanted = [
        name
        for name in experiment.trainings
        if not only or name in only or RunFolder(runs / name).read_summary() is not None
    ]
    trained = {}
    for name in wanted:
        training = experiment.trainings[name]
        trained[name] = sweep(training.resolve(quick=quick, short=short), training.sweep, runs / name)
    findings = experiment.examine(trained)
    kept = runs / "findings" if quick else experiment.folder
    kept.mkdir(parents=True, exist_ok=True)
    rows, told = _kept_of_others(experiment, kept, trained, short=short)
    write_text(kept / "results.csv", as_csv([*findings.rows, *rows]))
    for name, picture in findings.pictures.items():
        keep_picture(picture, kept / f"{name}.png")
    flags = f"{' --short' if short else ''}{' --quick' if quick else ''}"
    made = provenance(f"python -m experiments.{experiment.name}{flags}", experiment, trained, short=short)
    made["trainings"] |= told
    if told:
        print(f"of {', '.join(trained)}; the table keeps its rows of {', '.join(told)}, the pictures don't show them")
    write_text(kept / "provenance.json", json.dumps(made, indent=1) + "\n")
    return kept


def _kept_of_others(
    experiment: Experiment, folder: Path, trained: Mapping[str, Sweep], *, short: bool
) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Return the rows of a kept table whose trainings are still declared but not trained here, and their provenance."""
    table, beside = folder / "results.csv", folder / "provenance.json"
    if not (table.is_file() and beside.is_file()):
        return [], {}
    others = json.loads(beside.read_text(encoding="utf-8"))["trainings"]
    others = {name: each for name, each in others.items() if name not in trained}
    told = {}
    for name, each in others.items():
        declared = experiment.trainings[name].given(short=short) if name in experiment.trainings else None
        if each["settings"] == json.loads(json.dumps(declared)):
            told[name] = each
    if gone := [name for name in others if name not in told]:
        print(f"rows of {', '.join(gone)} leave the table: their settings are no longer those of the experiment")
    with table.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("training") in told]
    named = {row["training"] for row in rows}
    return rows, {name: each for name, each in told.items() if name in named}


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV, numbers with six digits; columns without any value are left out."""
    columns = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = (row.get(name) for name in columns)
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in values])
    return text.getvalue()


def keep_picture(picture: "Figure | Path", path: Path) -> None:
    """Write a figure, or copy an image file, as a PNG with few colours."""
    from PIL import Image

    from vae_jax.figures.gallery import pixels_of

    with Image.open(picture) if isinstance(picture, Path) else Image.fromarray(pixels_of(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
        with written_atomically(path) as unfinished:
            few.save(unfinished, "PNG", optimize=True)


def _without_places(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out paths on the machine; the fingerprint identifies the data."""
    places = fields_of(Role.PLACE)
    sections = {
        section: {name: value for name, value in values.items() if f"{section}.{name}" not in places}
        for section, values in config.items()
        if isinstance(values, dict)
    }
    return config | sections


def provenance(
    command: str, experiment: Experiment, trained: Mapping[str, Sweep], *, short: bool = False
) -> dict[str, Any]:
    """Return what is needed to repeat an experiment: command, settings, seeds, data, commit, machine and versions."""
    trainings = {}
    for name, each in trained.items():
        folder, training = RunFolder(each.folder), experiment.trainings[name]
        summary = summary_of(each)
        trainings[name] = {
            "config": training.config,
            "settings": training.given(short=short),
            "sweep": list(training.sweep),
            "seeds": sorted({row["seed"] for row in each.members}),
            "data": {name: value for name, value in summary["data"].items() if name != "source"},
            **{part: summary.get(part) for part in ("seconds", *ENVIRONMENT)},
            "resolved": _without_places(json.loads(folder.config.read_text(encoding="utf-8"))),
        }
    return {"command": command, "trainings": trainings}
