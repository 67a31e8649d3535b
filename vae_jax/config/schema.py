"""The settings of a run: defaults, meaning, limits and checks.

The dataclasses below define each field once: its default, meaning, limits and `Role` (whether a run may be continued
with another value). The `ml_collections.ConfigDict` that config files edit is made from them, and `validate` turns it
back into them. Names of parts (a likelihood, a schedule, a data source) are checked by the registries of the parts.
"""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_collections

from vae_jax.config.checks import Role, checked_section, is_off, limited, number, one_of, size, traced_choice, unlimited
from vae_jax.config.parts import PartSettings, all_settings, checked_parts, part_sections
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.core.traced import Choice, Count, Number
from vae_jax.core.user_paths import from_home

FIXED = "fixed"  # of `config.data.binarise`: the images of the data set are drawn black or white, once


@dataclass(frozen=True)
class DataConfig:
    """Which images, and where they come from.

    Attributes:
        name: the source: `digits`, `mnist`, `fashion_mnist`, `binarized_mnist`, `freyfaces`, `dogpeople`,
            `drawn_faces`, `photos`; `tfds:NAME`, `tfds:NAME/CONFIG:VERSION` for data sets prepared by TFDS; `arrays`
            for images passed to a call in Python.
        raw_dir: the folder of raw files, which is never written to; '' means `$VAE_JAX_RAW` where that is set, else
            `data/raw`.
        prepared_dir: the folder for downloads and prepared images; it can be deleted.
        tfds_dir: where TFDS has prepared data sets; '' means `$TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
        layout: how the raw folder of photographs is laid out; '' detects it. For `dogpeople` a kind (`landmarks`,
            `columbia_dogs`, `oxford_pets`, `cat2dog`, `utkface`, `lfw`, `pictures` of people whose faces are looked
            for, `skip`) or `FOLDER=KIND,FOLDER=KIND`, each with its subfolders; for `photos`, whether its folders are
            `classes` or `splits`.
        image_size: height and width in pixels, for the sources that can choose (faces, photos).
        colour: keep the colours of photographs; else they become grey.
        contrast: how each photograph's tones are changed: `none`, `stretch` or `equalise`.
        mirror: also train on the mirror image of every training photograph.
        drawn: how many faces `drawn_faces` draws.
        test_fraction: the share held out by the sources that have no test split of their own.
        validation_fraction: the share of the training images held out to choose members by; 0 means none. Of `mnist`
            and `fashion_mnist` they are the last images, as is the custom: 1/6 means the last 10,000. For
            `binarized_mnist` any share means its published validation images, which 0 trains on.
        levels: pixels are `value / levels`: 255 reaches 1; the post used 256.
        binarise: how grey pixels become 0 or 1: `none` leaves them; else 1 is drawn with the pixel's value as its
            probability, in every step anew (`drawn`), or once for each image (`fixed`).
        condition: what the model is conditioned on: `none`, or each image's class (`labels`).
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
        """The settings that decide which images there are, without how they are scaled and sampled."""
        binarise = FIXED if self.binarise == FIXED else "none"
        return dataclasses.replace(self, levels=255, sampling="shuffle", binarise=binarise, condition="none")

    @property
    def raw_folder(self) -> Path:
        """The folder of raw files."""
        return from_home(self.raw_dir or os.environ.get("VAE_JAX_RAW") or "data/raw")

    @property
    def prepared_folder(self) -> Path:
        """The folder for downloads and prepared images."""
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
        decoder_hidden: units of the decoder's hidden layers where they differ from these; () mirrors.
        name: how the parts form a model: `vae`, or `ladder` with two levels of latent units.
        latent_dim: units of the latent space.
        encoder, decoder: the architectures.
        activation: after each hidden layer.
        posterior: the family of q(z|x).
        prior: p(z).
        likelihood: the family of p(x|z).
        likelihood_sigma: its scale in pixel values (0 to 1), where it has one; the starting value if it is learned.
        init: how weights are initialised.
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
        beta_kl: the weight of the KL term, after the warm-up.
        free_bits: the least KL, in nats, that each latent unit is charged, so that a lower KL gains nothing.
        warmup: the shape of the rise of beta_kl.
        warmup_steps: length of the rise in steps; 0 means half of the run, or the rest of it after the delay for
            `delayed`, or all of it for `cyclical`.
        warmup_delay: steps at weight 0 before the rise; 0 means half of the run for `delayed`, else none.
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
    """How the weights are updated.

    Attributes:
        name: the optimiser; its own settings are in `optimisers.NAME`.
        learning_rate: the largest one, before it decays.
        schedule: how the rate decays after its rise: `constant`, `linear`, `cosine`, `exponential` or `staircase`.
        schedule_steps: length of the decay in steps; 0 means the rest of the run.
        schedule_end: the share of the rate that is left at the end of the decay (`staircase`: always a tenth).
        rise_steps: steps over which the rate rises from 0.
        clip: the largest norm of the gradient of all weights; larger gradients are scaled down; 0 means no clipping.
        ema: the decay of the exponential moving average of the weights, evaluated in place of the newest; 0 means none.
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
    """Length of the training, batches, devices.

    Attributes:
        epochs: how many epochs.
        steps_per_epoch: optimiser steps in an epoch; 0 means one pass over the data.
        batch_size: images a step.
        dtype: of the numbers that dense and convolutional layers multiply in training, `float32` or `bfloat16`. Their
            sums, all else, and evaluation are float32. On a CPU `bfloat16` products took up to twice as long.
        members_per_step: members that a device computes at once; 0 means one on a CPU, where that is fastest, and as
            many as fit into the memory elsewhere.
        data_devices: over how many devices each batch is spread; members are spread over the rest.
        on_nan: what happens to a member whose loss or gradient is not finite in a step: `stop` ends its training with
            the weights from before the step; `skip` skips the step (weights, Adam's moments and count don't change) and
            continues with the next batch; `restore` goes back to the last logged moment and continues with the next
            batches, at most three times, then stops.
        keep_best: evaluate, draw, export and load the weights of each member's best step instead of its last.
        patience: epochs without a better step after which a member stops; 0 means that it never does.
        best_by: which step is best: the split (`validation` or `test`) and the metric; `elbo` and names that end with
            `bound` are better the larger, other metrics the smaller.
    """

    epochs: int = limited(20, low=1, high=10_000_000, role=Role.EXTENT)
    steps_per_epoch: int = limited(0, low=0, high=10_000_000)
    batch_size: int = limited(128, low=1, high=1_000_000)
    dtype: str = one_of("float32", "float32", "bfloat16")
    members_per_step: int = limited(0, low=0, high=100_000, role=Role.UPKEEP)
    data_devices: int = limited(1, low=1, high=100_000, role=Role.UPKEEP)
    on_nan: Choice = traced_choice("stop", *ON_NAN)
    keep_best: bool = False
    patience: Count = number(0, low=0, off=0)
    best_by: str = unlimited("validation.elbo", role=Role.LEARNED)

    @property
    def compares_steps(self) -> bool:
        """Whether it matters which step is best: its weights are kept, or it decides when a member stops."""
        return self.keep_best or not is_off(self.patience)


@dataclass(frozen=True)
class EvalConfig:
    """Evaluation and figures.

    Attributes:
        every_epochs: epochs between evaluations on the validation and test images; 0 means ten in a run, fewer where
            they would take more than a twentieth of it; with `train.keep_best` or `train.patience` every epoch, fewer
            where they would take more than a sixth.
        batch_size: images at a time; affects only memory and time.
        figure_members: how many members get figures of their own; 0 means no figures at all.
        nll_samples: latent samples of each test image from which -log p(x) is estimated at the end (5,000 in the
            papers); any number fits into memory; 0 means not at all.
    """

    every_epochs: int = limited(0, low=0, role=Role.UPKEEP)
    batch_size: int = limited(500, low=1, high=1_000_000, role=Role.UPKEEP)
    figure_members: int = limited(4, low=0, high=1000, role=Role.PICTURES)
    nll_samples: int = limited(0, low=0, high=100_000_000, role=Role.EVALUATED)


@dataclass(frozen=True)
class SamplerConfig:
    """How new latents are drawn from a trained model.

    Attributes:
        name: what is fitted to the codes of the training images, and drawn from; its own settings are in
            `samplers.NAME`. `prior` fits nothing and draws from the model's prior.
    """

    name: str = unlimited("gaussian_mixture", role=Role.EVALUATED)


@dataclass(frozen=True)
class CheckpointConfig:
    """Checkpoints.

    Attributes:
        every_epochs: epochs between checkpoints; 0 means twenty in a run, fewer (at least four) where they would take
            over a fiftieth of it.
        keep: how many of the newest are kept.
    """

    every_epochs: int = limited(0, low=0, role=Role.UPKEEP)
    keep: int = limited(2, low=1, high=1000, role=Role.UPKEEP)


@dataclass(frozen=True)
class LogConfig:
    """What is logged during training.

    Attributes:
        every_steps: steps between lines in `metrics.jsonl`; must divide an epoch; 0 means once an epoch.
        tensorboard: also write TensorBoard events.
    """

    every_steps: int = limited(0, low=0, role=Role.UPKEEP)
    tensorboard: bool = unlimited(True, role=Role.UPKEEP)


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Attributes:
        seed: decides every random draw of the run.
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
    sampler: SamplerConfig = SamplerConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    log: LogConfig = LogConfig()
    parts: PartSettings = PartSettings()


# Fields of older versions, and their names now.
MOVED_FROM_TRAIN = {
    "learning_rate": "optimiser.learning_rate",
    "adam_b1": "optimisers.adam.b1",
    "adam_b2": "optimisers.adam.b2",
    "adam_eps": "optimisers.adam.eps",
}


def default_config() -> ml_collections.ConfigDict:
    """Return the defaults; a config file's `get_config` edits them."""
    return ml_collections.ConfigDict(to_dict(Config()))


def validate(values: Any) -> Config:
    """Check every field and freeze the settings.

    Args:
        values: nested dicts, or what a config file returned, with the command line's overrides.

    Raises:
        UserError: a field is unknown, missing, of another type or out of its limits.
    """
    if not isinstance(values, (ml_collections.ConfigDict, dict)):
        needed = (entry.name for entry in dataclasses.fields(Config) if entry.name != "parts")
        raise UserError(f"config: found {values!r}; needs the fields {', '.join(needed)}")
    sections = part_sections()
    fixed = {name: value for name, value in values.items() if name not in sections and name != "parts"}
    parts = checked_parts({name: value for name, value in values.items() if name in sections})
    config: Config = checked_section(Config, fixed, "config", leave_out=("parts",), more=sections)
    return dataclasses.replace(config, parts=parts)


def to_dict(config: Config) -> dict[str, Any]:
    """Return the settings as nested dicts, with those of every registered part."""
    values = dataclasses.asdict(dataclasses.replace(config, parts=PartSettings()))
    del values["parts"]
    for (section, name), settings in all_settings(config.parts).items():
        values.setdefault(section, {})[name] = dataclasses.asdict(settings)
    return values


def to_json(config: Config) -> str:
    """Write the settings as `config.json` holds them."""
    return json.dumps(to_dict(config), indent=2) + "\n"


def from_json(text: str) -> Config:
    """Read settings that `to_json` wrote; fields added since then have their defaults.

    Raises:
        UserError: the text is not JSON, or as for `from_kept`.
    """
    try:
        return from_kept(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"config.json: not JSON ({error}); restore the file or use another workdir") from None


def from_kept(values: Any) -> Config:
    """Check and freeze the settings of a run folder; fields added since then have their defaults.

    Raises:
        UserError: as for `validate`, or the run folder is of a version that can't be read any more.
    """
    train = values.get("train") if isinstance(values, dict) else None
    if moved := [name for name in MOVED_FROM_TRAIN if isinstance(train, dict) and name in train]:
        raise UserError(
            f"config.train.{moved[0]}: a field of an older version of vae_jax, whose run folders this one does not "
            f"read (it is {MOVED_FROM_TRAIN[moved[0]]} now); use that version for this folder, or train again in "
            "another workdir"
        )
    return validate(_completed(_without_unknown(values), to_dict(Config())))


def _without_unknown(values: Any) -> Any:
    """Drop the settings of parts that are neither registered nor used."""
    if not isinstance(values, dict):
        return values
    kept = dict(values)
    for kind, (field, section, *_) in KINDS.items():
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
