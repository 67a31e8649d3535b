"""New images of a trained member, from the sampler that the settings choose; it is fitted first where it is not yet."""

import dataclasses
import logging
import re
from functools import partial
from pathlib import Path

import numpy as np

from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, fields_of
from vae_jax.core.compile_cache import keep_compiled_programs
from vae_jax.core.errors import NoResultError, UserError, nearest
from vae_jax.core.plain_text import printable
from vae_jax.core.progress import Progress
from vae_jax.data.kept_data import kept_fingerprint
from vae_jax.data.sources.registry import load
from vae_jax.runs.command import Command, Pick
from vae_jax.runs.evaluate_again import config_of
from vae_jax.runs.export import choose
from vae_jax.runs.folder import RunFolder, disk_errors_reported
from vae_jax.runs.kept_sampler import fitted_to, kept_sampler, sampler_of
from vae_jax.runs.load import load_run
from vae_jax.runs.members import started_groups
from vae_jax.runs.trained import Trained
from vae_jax.samplers.prior import Prior

log = logging.getLogger("vae_jax")


def sample_run(command: Command, started: float) -> None:
    """Draw new images of one member, and write them as one picture.

    Args:
        command: names the run folder, the member, and what to draw.
        started: `time.perf_counter()` at the command's start.

    Raises:
        NoResultError: the picture could not be made.
        UserError: there is no trained run or no such member, its data are missing, or an argument can't be used.
    """
    del started
    folder = RunFolder(command.workdir)
    config = config_of(command, folder, Role.EVALUATED)
    members = dict(sorted(pair for group in started_groups(folder).values() for pair in group))
    only = command.pick == Pick() and len(members) == 1
    number = next(iter(members)) if only else choose(command.pick, folder, members)
    name, seed = config.sampler.name, command.drawing.seed
    of_class = f"_{slug(command.drawing.label)}" if command.drawing.label else ""
    file = command.out or folder.samplers / f"{name}_member{number}{of_class}_seed{seed}.png"
    if file.suffix != ".png":
        raise UserError(f"--out: found {file}; needs a file whose name ends with .png")
    if command.out is not None and file.exists():
        raise UserError(f"{file}: is there already; use another --out")
    keep_compiled_programs()
    with Progress("reading the checkpoint") as progress:
        model = load_run(folder.path, number)
        own = adopt(model.config, config, fields_of(Role.PLACE, Role.EVALUATED))
        model = dataclasses.replace(model, config=own)
        labels = labels_of(model, command.drawing.label, command.drawing.count)
        with disk_errors_reported(folder.path):
            progress.say(f"fitting the sampler {name}")
            fit(folder, model)
            progress.say("drawing")
            write_picture(file, model, labels, command.drawing.count, seed)
    log.info("%s", printable(str(file)))


def slug(label: str) -> str:
    """Return a label as part of a file's name: all but letters and digits becomes `-`."""
    return re.sub(r"\W+", "-", label)[:40]


def fit(folder: RunFolder, model: Trained) -> None:
    """Fit the member's sampler to its training images, unless it is kept, or is the prior.

    Raises:
        UserError: the data are missing, or are others than the run's.
    """
    name, sampler = sampler_of(model.config)
    if isinstance(sampler, Prior) or kept_sampler(folder, model.member, name, sampler, model.weights) is not None:
        return
    dataset = load(model.config.data.images)
    kept = kept_fingerprint(folder.data(folder.read_config(), model.config))
    if kept != dataset.fingerprint:
        raise UserError(
            f"{folder.path}: this run was trained on other images (fingerprint {kept}, found {dataset.fingerprint} of "
            f"{dataset.source}); give --config.data.raw_dir=FOLDER of those"
        )
    fitted_to(folder, model.member, model.config, model.spec, model.weights, dataset)


def labels_of(model: Trained, label: str | None, count: int) -> np.ndarray | None:
    """Return the class of each image to draw; without a label, the classes in turn of a conditional model, else None.

    Args:
        model: the member.
        label: a name or a number of a class.
        count: images.

    Raises:
        UserError: there is no such class, or the latents of an unconditional model are drawn from the prior.
    """
    names = model.class_names
    if label is None:
        return np.arange(count, dtype=np.int32) % model.spec.classes if model.spec.classes else None
    known = {**{str(k): k for k in range(len(names))}, **{name: k for k, name in enumerate(names)}}
    if label not in known:
        raise UserError(f"--label: found {label!r}; known are {', '.join(names[:20])}{nearest(label, known)}")
    if not model.spec.classes and isinstance(sampler_of(model.config)[1], Prior):
        raise UserError(
            "--label: found with config.sampler.name=prior, and the model knows no classes; use another sampler"
        )
    return np.full(count, known[label], np.int32)


def write_picture(file: Path, model: Trained, labels: np.ndarray | None, count: int, seed: int) -> None:
    """Write a picture of new images.

    Raises:
        NoResultError: it could not be drawn.
    """
    from vae_jax.figures.gallery import draw_figures
    from vae_jax.figures.images import sampler_words, sheets_of

    name = model.config.sampler.name
    images = model.sample(count, seed, labels, name)
    told = set() if labels is None else set(labels.tolist())
    of_class = f", of the class {model.class_names[told.pop()]}" if len(told) == 1 else ""
    fitted = kept_sampler(RunFolder(model.folder), model.member, *sampler_of(model.config), model.weights)
    told_sampler = sampler_words(name, fitted.codes if fitted else 0)
    words = f"decoded from samples of {told_sampler}{of_class}{', the classes in turn' if told else ''}"
    draw = partial(sheets_of, {words: images}, model.title, model.notice)
    if failed := draw_figures({file.stem: draw}, file.parent):
        raise NoResultError(f"{file}: not made ({'; '.join(failed.values())})")
