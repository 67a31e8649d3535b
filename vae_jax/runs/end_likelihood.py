"""What is computed of the trained members of a group at its end: the likelihood of the test images.

The result lies beside the group's checkpoints, so that a run that is continued or drawn again need not repeat it. So
does what was found of the first images, from time to time: a command that was interrupted goes on from there.
"""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from vae_jax.core.atomic_files import write_text, written_atomically
from vae_jax.core.progress import duration
from vae_jax.evaluation.information import information_of
from vae_jax.evaluation.likelihood import likelihood_metrics, log_likelihoods, samples_used
from vae_jax.training.examples import split_arrays
from vae_jax.training.loop import Trainer
from vae_jax.training.steps import TrainState

LIKELIHOOD_FILE = "likelihood.json"
FIRST_IMAGES_FILE = "likelihood_of_first_images.npz"
SECONDS_BETWEEN_SAVES = 20.0
Made = dict[str, Any]  # what the numbers are of


def add_likelihood(trainer: Trainer, state: TrainState, say: Callable[[str], object], *, anew: bool = False) -> None:
    """Add the likelihood of the test images to the last test metrics of a group's members.

    Args:
        trainer: of the group, at its last step.
        state: of all members.
        say: called with what is being done.
        anew: do not use what an earlier command computed.

    Raises:
        StoppedError: a signal ended the run.
    """
    made = _made(trainer)
    if not made["asked"]:
        return
    found = None if anew else kept_likelihood(trainer)
    if found is None:
        found = _likelihoods(trainer, state, made, say)
        keep_likelihood(trainer.checkpoints.folder, trainer, found)
        (trainer.checkpoints.folder / FIRST_IMAGES_FILE).unlink(missing_ok=True)
    trainer.report("test", found)


def kept_likelihood(trainer: Trainer) -> list[dict[str, Any]] | None:
    """Return what an earlier command computed of every member at this step, or None."""
    try:
        kept = json.loads((trainer.checkpoints.folder / LIKELIHOOD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    found = kept.get("members") if isinstance(kept, dict) and kept.get("made") == _made(trainer) else None
    return found if isinstance(found, list) and len(found) == trainer.count else None


def keep_likelihood(folder: Path, trainer: Trainer, found: list[dict[str, Any]]) -> None:
    """Write what was computed of some of a group's members into the folder of their checkpoints."""
    write_text(folder / LIKELIHOOD_FILE, json.dumps({"made": _made(trainer), "members": found}) + "\n")


def _made(trainer: Trainer) -> Made:
    asked = trainer.group.configs[0].eval.nll_samples
    return {"step": trainer.step, "data": trainer.dataset.fingerprint, "asked": asked}


def _likelihoods(trainer: Trainer, state: TrainState, made: Made, say: Callable[[str], object]) -> list[dict[str, Any]]:
    """Return the finite metrics of every member."""
    group, layout, spread = trainer.group, trainer.layout, trainer.spread(state.at_best())
    split, seeds, weights = split_arrays(trainer.dataset.test), trainer.members["seed"], spread.weights
    file, start = trainer.checkpoints.folder / FIRST_IMAGES_FILE, time.perf_counter()
    samples = samples_used(group.spec, split, weights, int(made["asked"]))
    known = _read_first_images(file, made, len(seeds))
    doing = f"estimating the likelihood of {len(split.images):,} images"
    say(doing)
    before, saved = 0.0 if known is None else known.shape[1] / len(split.images), start

    def note(share: float, found: Float[np.ndarray, "members m"]) -> None:
        nonlocal saved
        now = time.perf_counter()
        if now - saved >= SECONDS_BETWEEN_SAVES:
            _save_first_images(file, made, found)
            saved = now
        left = (now - start) * (1 - share) / max(share - before, 1e-9)
        say(f"{doing}: {share:.0%}, {duration(left)} to go")

    log_p = log_likelihoods(group.spec, layout, split, seeds, weights, samples, known=known, note=note)
    say("estimating the mutual information")
    information = information_of(group.spec, layout, split, seeds, weights)
    found = [
        likelihood_metrics(group.spec, of_member, samples) | of_information
        for of_member, of_information in zip(log_p, information, strict=True)
    ]
    return [{name: value for name, value in of.items() if math.isfinite(value)} for of in found[: trainer.count]]


def _save_first_images(file: Path, made: Made, found: Float[np.ndarray, "members m"]) -> None:
    with written_atomically(file) as partial, partial.open("wb") as opened:
        np.savez(opened, allow_pickle=False, made=json.dumps(made), log_p=found)


def _read_first_images(file: Path, made: Made, members: int) -> Float[np.ndarray, "members m"] | None:
    """Read what `_save_first_images` wrote; None if it is missing, damaged or not of this run as it is."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            log_p: np.ndarray = kept["log_p"]
            same = json.loads(str(kept["made"])) == made
    except Exception:  # a damaged archive may raise anything
        return None
    return log_p if same and log_p.ndim == 2 and log_p.dtype == np.float32 and len(log_p) == members else None
