"""Fitted samplers in the run folder: what was fitted to a member is read again while its weights stay the same."""

import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np

from vae_jax.config.parts import settings_of
from vae_jax.config.schema import Config
from vae_jax.core.atomic_files import written_atomically
from vae_jax.data.dataset import Dataset
from vae_jax.evaluation.fitted_sampler import FittedSampler, fit_sampler
from vae_jax.runs.folder import RunFolder
from vae_jax.samplers.contracts import Sampler
from vae_jax.samplers.prior import Prior
from vae_jax.training.member import Weights
from vae_jax.training.spec import Spec


def sampler_of(config: Config) -> tuple[str, Sampler]:
    """Return the name of the sampler that a member's settings choose, and the sampler."""
    chosen: Sampler = settings_of(config, "sampler")
    return config.sampler.name, chosen


def file_of(folder: RunFolder, name: str, member: int) -> Path:
    """Return the file of a sampler that is fitted to a member."""
    return folder.samplers / f"{name}_member{member}.npz"


def fitted_to(
    folder: RunFolder, member: int, config: Config, spec: Spec, weights: Weights, dataset: Dataset
) -> FittedSampler | None:
    """Return the sampler of a member, fitted now if it is not kept; None where it draws from the prior.

    Raises:
        UserError: the codes can't be used.
    """
    name, sampler = sampler_of(config)
    if isinstance(sampler, Prior):
        return None
    if (kept := kept_sampler(folder, member, name, sampler, weights)) is not None:
        return kept
    classes = len(dataset.class_names)
    fitted = fit_sampler(name, sampler, spec, weights, dataset.train, classes, int(config.seed))
    keep(file_of(folder, name, member), fitted, _made(name, sampler, weights))
    return fitted


def kept_sampler(folder: RunFolder, member: int, name: str, sampler: Sampler, weights: Weights) -> FittedSampler | None:
    """Read a sampler that was fitted to a member; None if there is none, or it is damaged or of other weights."""
    try:
        with np.load(file_of(folder, name, member), allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
        made, codes = json.loads(str(arrays.pop("made"))), int(arrays.pop("codes"))
    except Exception:  # a damaged archive may raise anything
        return None
    return FittedSampler(name, sampler, arrays, codes) if made == _made(name, sampler, weights) else None


def keep(file: Path, fitted: FittedSampler, made: dict[str, Any]) -> None:
    """Write a fitted sampler, atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"made": np.array(json.dumps(made)), "codes": np.array(fitted.codes), **fitted.fitted}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    with written_atomically(file) as unfinished:
        unfinished.write_bytes(stream.getvalue())


def _made(name: str, sampler: Sampler, weights: Weights) -> dict[str, Any]:
    """Return what a fitted sampler is of: the weights, by their hash, and the settings."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(weights):
        digest.update(np.asarray(leaf).tobytes())
    settings = asdict(sampler)  # type: ignore[call-overload]
    return {"name": name, "settings": json.loads(json.dumps(settings)), "weights": digest.hexdigest()}
