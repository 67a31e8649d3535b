"""What is computed of the trained members of a group at its end: the likelihood of the test images.

The result lies beside the group's checkpoints, so that a run that is continued or drawn again need not repeat it.
"""

import json
import math
import time
from collections.abc import Callable
from typing import Any

from vae_jax.core.atomic_files import write_text
from vae_jax.core.progress import duration
from vae_jax.evaluation.information import information_of
from vae_jax.evaluation.likelihood import likelihood_metrics, log_likelihoods, samples_used
from vae_jax.training.examples import split_arrays
from vae_jax.training.loop import Trainer
from vae_jax.training.steps import TrainState

LIKELIHOOD_FILE = "likelihood.json"


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
    k = trainer.group.configs[0].eval.nll_samples
    if not k:
        return
    made = {"step": trainer.step, "data": trainer.dataset.fingerprint, "asked": k}
    file = trainer.checkpoints.folder / LIKELIHOOD_FILE
    try:
        kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() and not anew else {}
    except (ValueError, RecursionError):
        kept = {}
    found = kept.get("members") if isinstance(kept, dict) and kept.get("made") == made else None
    if not isinstance(found, list) or len(found) != trainer.count:
        found = _likelihoods(trainer, state, k, say)
        write_text(file, json.dumps({"made": made, "members": found}) + "\n")
    trainer.report("test", found)


def _likelihoods(trainer: Trainer, state: TrainState, k: int, say: Callable[[str], object]) -> list[dict[str, Any]]:
    """Return the finite metrics of every member."""
    group, layout, spread = trainer.group, trainer.layout, trainer.spread(state.at_best())
    split, seeds, weights = split_arrays(trainer.dataset.test), trainer.members["seed"], spread.weights
    samples, start = samples_used(group.spec, split, weights, k), time.perf_counter()
    doing = f"estimating the likelihood of {len(split.images):,} images"
    say(doing)

    def note(share: float) -> None:
        say(f"{doing}: {share:.0%}, {duration((time.perf_counter() - start) * (1 - share) / share)} to go")

    log_p = log_likelihoods(group.spec, layout, split, seeds, weights, samples, note=note)
    say("estimating the mutual information")
    information = information_of(group.spec, layout, split, seeds, weights)
    found = [
        likelihood_metrics(group.spec, of_member, samples) | known
        for of_member, known in zip(log_p, information, strict=True)
    ]
    return [{name: value for name, value in of.items() if math.isfinite(value)} for of in found[: trainer.count]]
