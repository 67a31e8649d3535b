"""Prepare a data set before it is trained on: `python -m vae_jax.data.prepare dogpeople --raw_dir=FOLDER`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from vae_jax.config.schema import DataConfig, default_config, validate
from vae_jax.core.commands import Flags, exit_status
from vae_jax.core.errors import UserError
from vae_jax.core.progress import Console
from vae_jax.data.faces.photographs.outcomes import (
    TABLE,
    describe_kept,
    describe_skipped,
    describe_split,
    read_outcomes,
)
from vae_jax.data.faces.photographs.preparation import SHEET
from vae_jax.data.faces.photographs.source import prepare_dataset, prepared_folder
from vae_jax.data.sources.registry import FROM_PHOTOGRAPHS, SOURCES, load


def parser() -> Flags:
    """Return the parser of the command line: some fields of `config.data`, and --download."""
    made = Flags("python -m vae_jax.data.prepare", str(__doc__))
    made.add_argument("name", choices=sorted(set(SOURCES) - {"arrays"}), help="the data set")
    defaults = DataConfig()
    for field, text in (
        ("raw_dir", "the folder of raw files (default: $VAE_JAX_RAW, else data/raw)"),
        ("prepared_dir", "the folder of prepared data (default: data/prepared)"),
        ("image_size", "height and width in pixels"),
        ("contrast", "none, stretch or equalise"),
        ("test_fraction", "the share of test images"),
        ("layout", "kinds of folders, where they are guessed wrongly: KIND, or FOLDER=KIND,FOLDER=KIND"),
    ):
        made.add_argument(f"--{field}", type=type(getattr(defaults, field)), help=text)
    made.add_argument("--colour", action="store_true", default=None, help="keep colours")
    made.add_argument(
        "--download", action="store_true", help="download the freely available faces: LFW, Oxford-IIIT Pet"
    )
    return made


def config_of(arguments: argparse.Namespace) -> DataConfig:
    """Return the settings of the command line; raises `UserError` if one is out of its limits."""
    config = default_config()
    for field, value in vars(arguments).items():
        if field != "download" and value is not None:
            config.data[field] = value
    return validate(config).data


def prepare(config: DataConfig, *, download: bool) -> str:
    """Prepare a data set and return a report of a few lines.

    Raises:
        UserError: raw files are missing or can't be used.
    """
    if download:
        if config.name != "dogpeople":
            raise UserError(
                f"--download: found with {config.name}; goes with dogpeople only (mnist gets its own files)"
            )
        from vae_jax.data.faces.published_faces import fetch_faces

        fetch_faces(config.raw_folder)
    if config.name not in FROM_PHOTOGRAPHS:
        return _loaded(config)
    source: Any = import_module(f"vae_jax.data.sources.{config.name}")
    photos, recipe = source.plan(config)
    if not photos and not config.raw_folder_named:
        return _loaded(config)
    before = prepared_folder(config.name, photos, recipe, config).is_dir()
    folder = prepare_dataset(config.name, photos, recipe, config)
    done = "prepared already, nothing to do" if before else "prepared"
    outcomes = read_outcomes(folder)
    splits = [outcome.split for outcome in outcomes]
    skipped = sum(bool(outcome.reason) for outcome in outcomes)
    lines = [
        f"{done}: {config.name}: {splits.count('train'):,} training and {splits.count('test'):,} test images",
        f"kept {describe_kept(outcomes)}; skipped {skipped:,}{': ' if skipped else ''}{describe_skipped(outcomes)}",
        describe_split(outcomes, equal_classes=bool(recipe.classes)),
        source.describe_guess(photos, config),
        f"every file: {folder / TABLE}",
        f"before and after: {folder / SHEET}",
    ]
    return "\n".join(filter(None, lines))


def _loaded(config: DataConfig) -> str:
    dataset = load(config)
    return f"{dataset.name}: {dataset.counts}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    logging.basicConfig(format="%(message)s", handlers=[Console()])
    logging.getLogger("vae_jax").setLevel(logging.ERROR)
    logging.getLogger("vae_jax.core.progress").setLevel(logging.INFO)

    def work() -> None:
        arguments = parser().parse_args(argv)
        print(prepare(config_of(arguments), download=arguments.download))

    return exit_status(work, interrupted="interrupted; the same command begins again")


if __name__ == "__main__":
    sys.exit(main())
