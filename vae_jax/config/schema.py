"""The settings of a run: their defaults, what each means, and the checks that they must pass.

The dataclasses below are the one place where a field, its default, its meaning and its limits stand, and its `Role`
(whether a run may go on with another value). The `ml_collections.ConfigDict` that config files edit is made from them,
and `validate` turns it back into them. Names of parts (a likelihood, a schedule, a data source) are checked where those
parts are registered.
"""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_collections

from vae_jax.config.checks import Role, checked_section, limited, number, one_of, size, traced_choice, unlimited
from vae_jax.config.parts import PartSettings, all_settings, checked_parts, part_sections
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.core.traced import Choice, Count, Number
from vae_jax.core.user_paths import from_home


@dataclass(frozen=True)
class DataConfig:
    """Which images, from where.

    Attributes:
        name: the source: `digits`, `mnist`, `fashion_mnist`, `freyfaces`, `dogpeople`, `drawn_faces`, `photos`;
            `tfds:NAME`, `tfds:NAME/CONFIG:VERSION` for what TFDS has prepared; `arrays` for those that a call in Python
            is given.
        raw_dir: the folder of raw files, in which nothing is written; '' means `$VAE_JAX_RAW` where that is set, else
            `data/raw`.
        prepared_dir: where what was read once, or downloaded, is kept; nothing there is irreplaceable.
        tfds_dir: where TFDS has prepared data sets; '' means `$TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
        layout: how the raw folder of photographs is laid out, where that is not to be guessed. For `dogpeople` a kind
            (`landmarks`, `columbia_dogs`, `oxford_pets`, `cat2dog`, `utkface`, `lfw`, `pictures` of people whose faces
            are sought, `skip`) or `FOLDER=KIND,FOLDER=KIND`, each with all below it; for `photos`, whether its folders
            are `classes` or `splits`.
        image_size: height and width in pixels, for the sources that can choose (faces, photos).
        colour: keep the colours of photographs; else they become grey.
        contrast: what is done to each photograph's tones: `none`, `stretch` or `equalise`.
        mirror: learn from the mirror image of every training photograph too.
        drawn: how many faces `drawn_faces` draws.
        test_fraction: the share held out by the sources that have no test split of their own.
        validation_fraction: the share of the training images that is held out to choose members by; 0 means none.
        levels: pixels are `value / levels`: 255 reaches 1; the post used 256.
        binarise: what becomes of grey pixels: `none`, or `drawn`: 0 or 1 anew in every step, with the pixel as chance.
        condition: what the model is told of each image: `none`, or its class (`labels`).
        sampling: batches without replacement within a pass (`shuffle`), or `replacement`.
    """

    name: str = "dogpeople"
    raw_dir: str = unlimited("", role=Role.PLACE)
    prepared_dir: str = unlimited("data/prepared", role=Role.PLACE)
    tfds_dir: str = unlimited("", role=Role.PLACE)
    layout: str = unlimited("", role=Role.PLACE)
    image_size: int = limited(50, low=8, high=1024)
    colour: bool = False
    contrast: str = "none"
    mirror: bool = False
    drawn: int = limited(10_000, low=20, high=1_000_000)
    test_fraction: float = limited(0.1, above=0, high=0.9)
    validation_fraction: float = limited(0.0, low=0, high=0.9)
    levels: int = limited(255, low=255, high=256)
    binarise: str = "none"
    condition: str = one_of("none", "none", "labels")
    sampling: str = one_of("shuffle", "shuffle", "replacement")

    @property
    def images(self) -> "DataConfig":
        """The settings that say which images there are; how they are scaled and drawn is left out."""
        return dataclasses.replace(self, levels=255, sampling="shuffle", binarise="none", condition="none")

    @property
    def raw_folder(self) -> Path:
        """The folder of raw files that is meant."""
        return from_home(self.raw_dir or os.environ.get("VAE_JAX_RAW") or "data/raw")

    @property
    def prepared_folder(self) -> Path:
        """The folder where what was read once is kept."""
        return from_home(self.prepared_dir)

    @property
    def tfds_folder(self) -> Path:
        """The folder of data sets that TFDS has prepared."""
        return from_home(self.tfds_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets")

    @property
    def raw_folder_named(self) -> bool:
        """Whether the user named the raw folder, in the config or the environment."""
        return bool(self.raw_dir or os.environ.get("VAE_JAX_RAW"))


@dataclass(frozen=True)
class ModelConfig:
    """The autoencoder.

    Attributes:
        hidden: units of each hidden layer of the encoder; the decoder mirrors them.
        decoder_hidden: units of the decoder's hidden layers where they shall differ; () mirrors.
        name: how the parts make a model: `vae`, or `ladder` with two levels of latent units.
        latent_dim: units of the latent space.
        encoder, decoder: the architectures.
        activation: after each hidden layer.
        posterior: the family of q(z|x).
        prior: p(z).
        likelihood: the family of p(x|z).
        likelihood_sigma: its scale in pixels (image range 0 to 1), where it has one; where to start if learned.
        init: how weights start.
    """

    name: str = "vae"
    hidden: tuple[int, ...] = limited((512,), low=1, high=100_000)
    decoder_hidden: tuple[int, ...] = limited((), low=1, high=100_000)
    latent_dim: int = size(2, low=1, high=10_000)
    encoder: str = "mlp"
    decoder: str = "mlp"
    activation: str = "gelu"
    posterior: str = "diagonal_gaussian"
    prior: str = "standard_normal"
    likelihood: str = "bernoulli"
    likelihood_sigma: Number = number(0.1, low=1e-6, high=100)
    init: str = "lecun"


@dataclass(frozen=True)
class ObjectiveConfig:
    """What is minimised: `recon + beta_kl * kl`.

    Attributes:
        name: the objective.
        samples: latent samples of each image (k of the importance-weighted bounds).
        beta_kl: the weight of the KL term, at its height.
        free_bits: nats that each latent unit is charged at least, so that it gains nothing by carrying less.
        warmup: how the weight gets there.
        warmup_steps: how long the rise takes, in steps; 0 means half of the run, or all that is left of it after the
            delay for `delayed`, or all of it for `cyclical`.
        warmup_delay: steps at weight 0 before it; 0 means half of the run for `delayed`, else none.
        warmup_cycles: how many times `cyclical` rises.
        reduction: `nats` sums over an example and averages over the batch; `blog` is the post's: recon averages
            over pixels and the batch, kl sums over the batch.
    """

    name: str = "elbo"
    samples: int = limited(1, low=1, high=100_000)
    beta_kl: Number = number(1.0, low=0)
    free_bits: Number = number(0.0, low=0)
    warmup: Choice = traced_choice("constant")
    warmup_steps: Count = number(0, low=0)
    warmup_delay: Count = number(0, low=0)
    warmup_cycles: Count = number(4, low=1, high=10_000)
    reduction: str = one_of("nats", "nats", "blog")


@dataclass(frozen=True)
class OptimiserConfig:
    """How the weights move.

    Attributes:
        name: the optimiser; its own settings are in `optimisers.NAME`.
        learning_rate: at its height.
        schedule: how the rate falls over the run after its rise: `constant`, `linear`, `cosine` or `exponential`.
        schedule_steps: how long the fall takes, in steps; 0 means all that is left of the run.
        schedule_end: the share of the rate that is left at its end.
        rise_steps: steps over which the rate rises from 0.
        clip: the largest norm of the gradient of all weights; larger ones are scaled down; 0 leaves them alone.
        ema: the decay of the average of weights that is evaluated in place of the newest; 0 means none.
    """

    name: str = "adam"
    learning_rate: Number = number(1e-3, above=0)
    schedule: Choice = traced_choice("constant")
    schedule_steps: Count = number(0, low=0)
    schedule_end: Number = number(0.01, above=0, high=1)
    rise_steps: Count = number(0, low=0)
    clip: Number = number(0.0, low=0, off=0.0)
    ema: Number = number(0.0, low=0, below=1, off=0.0)


ON_NAN = ("stop", "skip", "restore")


@dataclass(frozen=True)
class TrainConfig:
    """How long, in which bites.

    Attributes:
        epochs: how many epochs.
        steps_per_epoch: optimiser steps in an epoch; 0 means one pass over the data.
        batch_size: images a step.
        members_per_step: members that a device computes at once; 0 means one on a CPU, where that is fastest, and as
            many as fit into the memory elsewhere.
        data_devices: over how many devices each batch is spread; the others are for members.
        on_nan: what becomes of a member whose loss or gradient is not finite in a step: `stop` leaves its weights for
            good as they were before the step; `skip` leaves out the step: weights, Adam's moments and its count stay,
            and the next batch comes; `restore` goes back to the last logged moment and on from there with the batches
            that come next, three times at most, and stops then.
    """

    epochs: int = limited(20, low=1, high=10_000_000, role=Role.EXTENT)
    steps_per_epoch: int = limited(0, low=0, high=10_000_000)
    batch_size: int = limited(128, low=1, high=1_000_000)
    members_per_step: int = limited(0, low=0, high=100_000, role=Role.UPKEEP)
    data_devices: int = limited(1, low=1, high=100_000, role=Role.UPKEEP)
    on_nan: Choice = traced_choice("stop", *ON_NAN)


@dataclass(frozen=True)
class EvalConfig:
    """Evaluation and figures.

    Attributes:
        every_epochs: epochs between evaluations on the validation and test images; 0 means ten in a run, fewer where
            they would take more than a twentieth of it.
        batch_size: images at a time; changes nothing but memory and time.
        figure_members: how many members get pictures of their own; 0 means that nothing at all is drawn.
    """

    every_epochs: int = limited(0, low=0, role=Role.UPKEEP)
    batch_size: int = limited(500, low=1, high=1_000_000, role=Role.UPKEEP)
    figure_members: int = limited(4, low=0, high=1000, role=Role.PICTURES)


@dataclass(frozen=True)
class CheckpointConfig:
    """What is kept to go on from.

    Attributes:
        every_epochs: epochs between checkpoints; 0 means twenty in a run, fewer (but four) where they would take over a
            fiftieth of it.
        keep: how many of the newest stay.
    """

    every_epochs: int = limited(0, low=0, role=Role.UPKEEP)
    keep: int = limited(2, low=1, high=1000, role=Role.UPKEEP)


@dataclass(frozen=True)
class LogConfig:
    """What is written down on the way.

    Attributes:
        every_steps: steps between lines in `metrics.jsonl`; must divide an epoch; 0 means once an epoch.
        tensorboard: write TensorBoard events too.
    """

    every_steps: int = limited(0, low=0, role=Role.UPKEEP)
    tensorboard: bool = unlimited(True, role=Role.UPKEEP)


@dataclass(frozen=True)
class Config:
    """All settings of a run; see the parts for their fields.

    Attributes:
        seed: every random draw of the run follows from it.
        sweep: lines `FIELD=VALUES`; their cross product is trained.
        parts: the settings of registered parts, as the sections `posteriors.iaf` and so on.
    """

    seed: Count = number(0, low=0, high=2**32 - 1, dtype="uint32")
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    train: TrainConfig = TrainConfig()
    sweep: tuple[str, ...] = unlimited((), role=Role.EXTENT)
    eval: EvalConfig = EvalConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    log: LogConfig = LogConfig()
    parts: PartSettings = PartSettings()


# Fields of the versions before there were optimisers to choose from, and what they are called now.
MOVED_FROM_TRAIN = {
    "learning_rate": "optimiser.learning_rate",
    "adam_b1": "optimisers.adam.b1",
    "adam_b2": "optimisers.adam.b2",
    "adam_eps": "optimisers.adam.eps",
}


def default_config() -> ml_collections.ConfigDict:
    """Return the defaults, for a config file's `get_config` to edit."""
    return ml_collections.ConfigDict(to_dict(Config()))


def validate(config: ml_collections.ConfigDict) -> Config:
    """Check every field and freeze the settings.

    Args:
        config: what a config file returned, with the command line's overrides.

    Raises:
        UserError: a field is unknown, missing, of another type or out of its limits.
    """
    return from_dict(config)


def to_dict(config: Config) -> dict[str, Any]:
    """Return the settings as nested dicts, those of every registered part among them."""
    values = dataclasses.asdict(dataclasses.replace(config, parts=PartSettings()))
    del values["parts"]
    for (section, name), settings in all_settings(config.parts).items():
        values.setdefault(section, {})[name] = dataclasses.asdict(settings)
    return values


def to_json(config: Config) -> str:
    """Write the settings as `config.json` holds them."""
    return json.dumps(to_dict(config), indent=2) + "\n"


def from_json(text: str) -> Config:
    """Read settings that `to_json` wrote; fields that came later have their defaults.

    Raises:
        UserError: the text is not such settings.
    """
    try:
        return from_kept(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"config.json: not JSON ({error}); restore the file or use another workdir") from None


def from_kept(values: Any) -> Config:
    """Check and freeze settings that a run folder kept as nested dicts; fields that came later have their defaults.

    Raises:
        UserError: as `validate` does, or the settings are of a version whose run folders are not read any more.
    """
    train = values.get("train") if isinstance(values, dict) else None
    if moved := [name for name in MOVED_FROM_TRAIN if isinstance(train, dict) and name in train]:
        raise UserError(
            f"config.train.{moved[0]}: a field of an older version of vae_jax, whose run folders this one does not "
            f"read (it is {MOVED_FROM_TRAIN[moved[0]]} now); use that version for this folder, or train anew in "
            "another workdir"
        )
    return from_dict(_completed(_without_unknown(values), to_dict(Config())))


def _without_unknown(values: Any) -> Any:
    """Leave out the settings of parts that are not registered now and not chosen: nothing follows from them."""
    if not isinstance(values, dict):
        return values
    kept = dict(values)
    for kind, (field, section, _) in KINDS.items():
        if isinstance(parts := kept.get(section), dict):
            where, name = field.split(".")
            chosen = values[where].get(name) if isinstance(values.get(where), dict) else None
            kept[section] = {part: own for part, own in parts.items() if part in registry_of(kind) or part == chosen}
            if not kept[section]:
                del kept[section]
    return kept


def _completed(values: Any, defaults: dict[str, Any]) -> Any:
    if not isinstance(values, dict):
        return values
    inner = {k: _completed(values[k], v) for k, v in defaults.items() if isinstance(v, dict) and k in values}
    return {**defaults, **values, **inner}


def from_dict(values: Any) -> Config:
    """Check and freeze settings given as nested dicts; raises `UserError` as `validate` does."""
    if not isinstance(values, (ml_collections.ConfigDict, dict)):
        needed = (entry.name for entry in dataclasses.fields(Config) if entry.name != "parts")
        raise UserError(f"config: found {values!r}; needs the fields {', '.join(needed)}")
    sections = part_sections()
    fixed = {name: value for name, value in values.items() if name not in sections and name != "parts"}
    parts = checked_parts({name: value for name, value in values.items() if name in sections})
    config: Config = checked_section(Config, fixed, "config", leave_out=("parts",), more=sections)
    return dataclasses.replace(config, parts=parts)
