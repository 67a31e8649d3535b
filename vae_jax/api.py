"""The functions for notebooks and experiments: train a model or a sweep, and use the result.

The commands call the same functions; see `vae_jax.runs.training` and `vae_jax.runs.load`.
"""

import re
import runpy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ml_collections import ConfigDict
from numpy.typing import ArrayLike

from vae_jax.config.schema import validate
from vae_jax.config.sweep_language import full_name
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.user_paths import from_home
from vae_jax.data.dataset import Dataset
from vae_jax.data.sources.arrays import ARRAYS, GivenArrays, given_arrays
from vae_jax.data.sources.registry import load
from vae_jax.runs.command import Command
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_run
from vae_jax.runs.members import settings_of
from vae_jax.runs.trained import Trained
from vae_jax.runs.training import train_run


class Arrays(TypedDict, total=False):
    """The caller's own images, to train on instead of the data set that a config names.

    Attributes:
        images: an array or nested lists `[n, height, width]` or `[n, height, width, channels]` with 1 or 3 channels:
            uint8, or floats in [0, 1].
        labels: the class of each, whole numbers or texts `[n]`; without them there is one class.
        test_images, test_labels: to evaluate on; by default `config.data.test_fraction` of the images.
        validation_images, validation_labels: to choose members by; by default `config.data.validation_fraction`.
    """

    images: ArrayLike
    labels: ArrayLike | None
    test_images: ArrayLike | None
    test_labels: ArrayLike | None
    validation_images: ArrayLike | None
    validation_labels: ArrayLike | None


CONFIGS = Path(__file__).parents[1] / "configs"


def get_config(name: str | Path) -> ConfigDict:
    """Return the settings of a config file, to be edited and trained.

    Args:
        name: of a file in `configs/` of the checkout that the package is installed from, such as `digits`, or the
            path of any `.py` file.

    Raises:
        UserError: there is no such file.
    """
    path = from_home(name) if str(name).endswith(".py") else CONFIGS / f"{name}.py"
    if not path.is_file():
        known = sorted(file.stem for file in CONFIGS.glob("*.py"))
        raise UserError(f"{name}: found no config file {path}; there are {', '.join(known)}{nearest(str(name), known)}")
    config: ConfigDict = runpy.run_path(str(path))["get_config"]()
    return config


def train(config: ConfigDict, workdir: str | Path | None = None, **arrays: Unpack[Arrays]) -> Trained:
    """Train one model, or continue it, or only read it if it is finished.

    Args:
        config: its settings.
        workdir: the run folder; None means `runs/` and the name of the data, such as `runs/digits` or `runs/arrays`.
        arrays: `images=...` and others, to train on your own; see `Arrays`. To continue, give the same ones again.

    Raises:
        StoppedError: it was interrupted; the training is saved, and the same call continues it.
        UserError: a setting or an array can't be used, or the folder holds another run.
        NoResultError: the training failed; the log says why.
    """
    if config.sweep:
        raise UserError(f"config.sweep: found {config.sweep!r}; vae_jax.sweep trains several models")
    return load_run(_train(config, workdir, arrays))


def sweep(
    config: ConfigDict, lines: str | Sequence[str], workdir: str | Path | None = None, **arrays: Unpack[Arrays]
) -> "Sweep":
    """Train a sweep of models, or continue it, or only read it if it is finished.

    Args:
        config: the settings that all have in common.
        lines: such as `("beta_kl=0.1,1,4", "seed=range(3)")`; their cross product is trained.
        workdir, arrays: as for `train`.

    Raises:
        StoppedError: it was interrupted; the training is saved, and the same call continues it.
        UserError: a setting, a line or an array can't be used, or the folder holds another run.
        NoResultError: all models failed; the log says why.
    """
    swept = config.copy_and_resolve_references()
    swept.sweep = (lines,) if isinstance(lines, str) else tuple(lines)
    return load_sweep(_train(swept, workdir, arrays))


def _train(config: ConfigDict, workdir: str | Path | None, arrays: Arrays) -> Path:
    """Train a config, and return the run folder."""
    started, given = time.perf_counter(), _given(arrays)
    checked = validate(config)
    if given is not None:
        checked = replace(checked, data=replace(checked.data, name=ARRAYS))
    folder = Path("runs") / re.sub(r"\W+", "_", checked.data.name) if workdir is None else from_home(workdir)
    train_run(checked, folder, started, given)
    return folder


def _given(arrays: Arrays) -> GivenArrays | None:
    """Check the caller's arrays; None where there are none.

    Raises:
        UserError: one can't be used, or has an unknown name.
    """
    known = [*Arrays.__annotations__]
    for name in arrays:
        if name not in known:
            raise UserError(f"{name}: no such argument; known are {', '.join(known)}{nearest(name, known)}")
    found = {name: array for name, array in arrays.items() if array is not None}
    if not found:
        return None
    if "images" not in found:
        raise UserError(f"{next(iter(found))}: found without images; needs images to learn from")
    return given_arrays(**found)  # type: ignore[arg-type]


def evaluate(folder: str | Path, *, draw: bool = False, **arrays: Unpack[Arrays]) -> None:
    """Evaluate a trained run on its held-out images again, or draw its figures again, and write its report.

    Args:
        folder: the run's.
        draw: draw the figures instead of evaluating.
        arrays: those that the run was trained on, if any.

    Raises:
        NoResultError: some figures could not be drawn; the others are written.
        UserError: there is no trained run, or its data are missing or have changed.
    """
    from vae_jax.runs.evaluate_again import evaluate_run, figures_of_run

    started, given = time.perf_counter(), _given(arrays)
    command = Command(None, from_home(folder), "figures" if draw else "evaluate")
    (figures_of_run if draw else evaluate_run)(command, started, given)


@dataclass(frozen=True)
class Sweep:
    """A trained sweep of models.

    Attributes:
        folder: the run's.
        members: a row per member, for `pandas.DataFrame`: the columns of `members.csv`: its number, its values
            of the swept fields, its number of parameters, the step in which it failed if it did, its best step where
            that is kept, and its metrics as `train.elbo`, `validation.elbo`, `test.elbo` and so on.
    """

    folder: Path
    members: Sequence[Mapping[str, Any]]

    def __repr__(self) -> str:
        """Describe the sweep in one line."""
        failed = sum(member["failed_in_step"] is not None for member in self.members)
        lost = f", {failed:,} of them failed" if failed else ""
        return f"Sweep({str(self.folder)!r}: {len(self.members):,} members{lost})"

    def load(self, member: int, *, last: bool = False) -> Trained:
        """Return a member by its number; `last` as in `load_run`.

        Raises:
            UserError: there is no such member.
        """
        return load_run(self.folder, member, last=last)

    def best(self, metric: str | None = None, **values: Any) -> Trained:
        """Return the member that is best in a metric: the largest ELBO or bound, or the smallest other metric.

        Args:
            metric: such as `test.elbo` or `train.distortion`; None means `validation.elbo` where there are validation
                images, else `test.elbo`. Members that failed, or have no finite value, are left out.
            values: of any fields of the config, as in `where`: chooses only among the members that have them. Members
                with different images, kinds of likelihood or normalisations don't compare in every metric.

        Raises:
            UserError: there is no such metric, or the run is not finished, or the members don't compare in it.
        """
        from vae_jax.reports.summary import choosing_split, ranking_metric
        from vae_jax.runs.export import number_of_best, with_values

        wanted = {full_name(name, "best"): value for name, value in values.items()}
        among = with_values(wanted, settings_of(self.folder), "best") if wanted else None
        folder = RunFolder(self.folder)
        if metric is None:
            members = (folder.read_summary() or {"members": []})["members"]
            choices = [member for member in members if among is None or member["member"] in among]
            metric = f"{choosing_split(choices)}.{ranking_metric(choices)}"
        return self.load(number_of_best(metric, folder, "best", among))

    def where(self, **values: Any) -> Trained:
        """Return the only member with these values, such as `where(beta_kl=1, hidden=(64,), seed=0)`.

        Args:
            values: of any fields of the config, swept or not.

        Raises:
            UserError: no member has them, or several; or there is no such field.
        """
        from vae_jax.runs.export import by_values

        wanted = {full_name(name, "where"): value for name, value in values.items()}
        return self.load(by_values(wanted, settings_of(self.folder), "where"))

    def figures(self) -> dict[str, Path]:
        """Return the figures of the whole sweep in the run folder by their names."""
        from vae_jax.figures.gallery import LOSS_CURVES
        from vae_jax.figures.side_by_side import MEMBER_FIGURES
        from vae_jax.figures.sweep_table import TABLE_FIGURES

        paths = {
            name: RunFolder(self.folder).figures / f"{name}.png"
            for name in (*TABLE_FIGURES, *MEMBER_FIGURES, LOSS_CURVES[0])
        }
        return {name: path for name, path in paths.items() if path.is_file()}


def load_sweep(folder: str | Path) -> Sweep:
    """Read a sweep from its run folder.

    Raises:
        UserError: it is not finished, or a part from outside is not registered.
    """
    from vae_jax.reports.summary import member_rows

    path = from_home(folder)
    RunFolder(path).check_parts()
    summary = RunFolder(path).read_summary()
    if summary is None:
        raise UserError(f"{path}: no finished run here (no whole summary.json); train it to its end first")
    return Sweep(path, member_rows(summary))


def load_data(config: ConfigDict) -> Dataset:
    """Return the data set of a config; it is prepared first if needed.

    Returns:
        its `train`, `validation` (often empty) and `test` have `images`, uint8 `[n, height, width, channels]`, and
        `labels`, int32 `[n]`, indices of `class_names`.

    Raises:
        UserError: its files are missing, or they or a setting can't be used.
    """
    return load(validate(config).data)
