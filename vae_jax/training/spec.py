"""What shapes a compiled program: settings without the numbers that may differ between its members."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vae_jax.config.checks import LARGEST_WHOLE, NUMBER, SIZE, is_off
from vae_jax.config.parts import PartSettings, all_settings, chosen_parts, default_settings, without_unused
from vae_jax.config.schema import Config, DataConfig, TrainConfig
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.data.dataset import Sizes
from vae_jax.models.likelihoods import LIKELIHOODS

TRACED = ("schedule", "rate")  # kinds of which a program holds every part: which one is used is traced


@dataclass(frozen=True)
class Spec:
    """All that shapes a compiled training program; equal for all members that train together.

    Attributes:
        settings: what shapes it; traced fields hold their defaults, sizes those of the largest member.
        image_shape: height, width, channels.
        images_per_pass: how many images one pass over the data draws.
        classes: how many, where the model is conditioned on labels; else 0.
        outside: the parts from outside: registering one again compiles the program again.
    """

    settings: Config
    image_shape: tuple[int, int, int]
    images_per_pass: int
    classes: int = 0
    outside: tuple[Any, ...] = ()

    @property
    def latent_dim(self) -> int:
        """Latent units of the largest member."""
        return self.settings.model.latent_dim

    @property
    def batch_size(self) -> int:
        """Images in a training batch."""
        return self.settings.train.batch_size

    @property
    def levels(self) -> int:
        """Pixels are `value / levels`."""
        return self.settings.data.levels

    @property
    def pixels(self) -> int:
        """Pixels times channels of an image."""
        return math.prod(self.image_shape)

    @property
    def constant(self) -> float:
        """The likelihood's constant, in nats per pixel and channel."""
        return LIKELIHOODS[self.settings.model.likelihood].constant

    @property
    def encoder_layers(self) -> tuple[int | str, ...]:
        """Units of the dense encoder's hidden layers; the name of any other encoder."""
        model = self.settings.model
        return model.hidden if model.encoder == "mlp" else (model.encoder,)

    @property
    def decoder_layers(self) -> tuple[int | str, ...]:
        """Units of the dense decoder's hidden layers; the name of any other decoder."""
        model = self.settings.model
        return (model.decoder_hidden or model.hidden[::-1]) if model.decoder == "mlp" else (model.decoder,)

    @property
    def sizes(self) -> str:
        """The model's sizes, such as 784-1000-2 or 784-conv-2."""
        return "-".join(map(str, (self.pixels, *self.encoder_layers, self.latent_dim)))

    @property
    def steps_per_pass(self) -> int:
        """Whole batches in one pass over the data."""
        return self.images_per_pass // self.batch_size

    def with_latent_dim(self, latent_dim: int) -> "Spec":
        """Return the spec with another number of latent units."""
        model = dataclasses.replace(self.settings.model, latent_dim=latent_dim)
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, model=model))


def spec_of(configs: Sequence[Config], dataset: Sizes) -> Spec:
    """Return the spec of members whose settings differ in traced fields only.

    Raises:
        UserError: a batch needs more images than there are.
    """
    config, draws = configs[0], len(dataset.sampling_indices)
    if config.train.batch_size > draws:
        raise UserError(
            f"config.train.batch_size: found {config.train.batch_size} for {draws} training images; "
            f"needs at most {draws}"
        )
    data = config.data
    kept = Config(
        data=DataConfig(levels=data.levels, sampling=data.sampling, binarise=data.binarise, condition=data.condition),
        model=config.model,
        objective=config.objective,
        optimiser=config.optimiser,
        train=TrainConfig(
            batch_size=config.train.batch_size,
            dtype=config.train.dtype,
            keep_best=config.train.keep_best,
            patience=config.train.patience,
            best_by=config.train.best_by,
        ),
        parts=without_unused(config, trains=True),
    )
    classes = len(dataset.class_names) if data.condition == "labels" else 0
    return Spec(_without_traced(kept, configs), dataset.image_shape, draws, classes, _outside(config))


def _outside(config: Config) -> tuple[Any, ...]:
    """Return the parts from outside that a program is compiled with: the chosen ones, and all of traced kinds."""
    found: list[Any] = []
    for kind, name in chosen_parts(config).items():
        if not KINDS[kind].trains:
            continue
        parts = registry_of(kind).from_outside()
        found += parts.values() if kind in TRACED else [parts[name]] if name in parts else []
    return tuple(found)


def _without_traced(section: Any, members: Sequence[Any]) -> Any:
    """Return settings with traced numbers at their defaults, and sizes at the largest member's."""
    changed: dict[str, Any] = {}
    for entry in dataclasses.fields(section):
        value, traced = getattr(section, entry.name), entry.metadata.get("traced")
        if isinstance(value, PartSettings):
            changed[entry.name] = _parts_without_traced(value, members)
        elif dataclasses.is_dataclass(value):
            changed[entry.name] = _without_traced(value, [getattr(member, entry.name) for member in members])
        elif traced == SIZE:
            changed[entry.name] = max(getattr(member, entry.name) for member in members)
        elif traced == NUMBER and entry.metadata["off"] is not None:
            changed[entry.name] = entry.metadata["off"] if is_off(value) else type(value)(1)
        elif traced:
            changed[entry.name] = entry.default
    return dataclasses.replace(section, **changed)


def _parts_without_traced(parts: PartSettings, members: Sequence[Config]) -> PartSettings:
    defaults = default_settings()
    used = {key for key, _ in parts.changed} | {
        key for member in members for key, _ in without_unused(member, trains=True).changed
    }
    # A number that is on by default and has an `off` value is not at its default in the program.
    chosen = chosen_parts(members[0]).items()
    used |= {(KINDS[kind].section, name) for kind, name in chosen if KINDS[kind].trains} & defaults.keys()
    of_members = [all_settings(member.parts) for member in members]
    found = {key: _without_traced(of_members[0][key], [settings[key] for settings in of_members]) for key in used}
    return PartSettings(tuple(sorted((key, value) for key, value in found.items() if value != defaults[key])))


def standard_beta_kl(beta_kl: float, spec: Spec) -> float:
    """Return the beta_KL with the same weight in nats per image (the post's 1e-4 on MNIST is about 2.5)."""
    return beta_kl * spec.batch_size * spec.pixels if spec.settings.objective.reduction == "blog" else beta_kl


def check_names(config: Config) -> None:
    """Make sure that every part that a config names is registered.

    Raises:
        UserError: one is not.
    """
    for kind, name in chosen_parts(config).items():
        registry_of(kind)[name]


def check_length(config: Config, steps_per_epoch: int) -> None:
    """Make sure that a run's steps can be counted; 0 steps per epoch are not known yet.

    Raises:
        UserError: there are too many.
    """
    epochs = config.train.epochs
    if epochs * steps_per_epoch > LARGEST_WHOLE:
        raise UserError(
            f"config.train.epochs: found {epochs:,}, of {steps_per_epoch:,} steps each; needs at most "
            f"{LARGEST_WHOLE // steps_per_epoch:,}, as the steps of a run are counted up to {LARGEST_WHOLE:,}"
        )


def without_latent_dim(config: Config) -> Config:
    """Return settings that are equal for members of one program: the latent size is 1 where all parts can trace it."""
    parts = (registry_of(kind)[name] for kind, name in chosen_parts(config).items())
    if not all(getattr(part, "traces_latent_dim", True) for part in parts):
        return config
    return dataclasses.replace(config, model=dataclasses.replace(config.model, latent_dim=1))


def epoch_steps(config: Config, dataset: Sizes) -> int:
    """Steps of an epoch: as configured, or one pass over the data."""
    return config.train.steps_per_epoch or max(1, len(dataset.sampling_indices) // config.train.batch_size)
