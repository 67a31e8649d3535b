"""What shapes a compiled program, and the numbers that don't.

A member's settings split in two: a `Program`, static and hashable, equal for all members that train together, and
`Members`, arrays with a leading axis over the members.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from vae_jax.checked_fields import LARGEST_WHOLE
from vae_jax.config import Config, ModelConfig
from vae_jax.data.dataset import Sizes
from vae_jax.errors import UserError
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.mlp import ACTIVATIONS, DECODERS, ENCODERS
from vae_jax.models.posteriors import POSTERIORS
from vae_jax.objectives import OBJECTIVES, Normalisation
from vae_jax.schedules import SCHEDULES, number_of, rise


@dataclass(frozen=True)
class Program:
    """All that shapes the compiled training program.

    Attributes:
        model: the autoencoder's parts and sizes.
        image_shape: height, width, channels.
        objective, reduction: see `ObjectiveConfig`.
        batch_size, levels, sampling: see `TrainConfig` and `DataConfig`.
        adam_b1, adam_b2, adam_eps: see `TrainConfig`.
        draws: how many indices one pass over the data has.
    """

    model: ModelConfig
    image_shape: tuple[int, int, int]
    objective: str
    reduction: str
    batch_size: int
    levels: int
    sampling: str
    adam_b1: float
    adam_b2: float
    adam_eps: float
    draws: int

    @property
    def normalisation(self) -> Normalisation:
        """How this program's `recon` and `kl` are made."""
        constant = LIKELIHOODS[self.model.likelihood].constant
        return Normalisation(self.reduction, self.batch_size, math.prod(self.image_shape), constant)

    @property
    def sizes(self) -> str:
        """The model's sizes, as 784-1000-2."""
        return "-".join(map(str, (math.prod(self.image_shape), *self.model.hidden, self.model.latent_dim)))

    @property
    def steps_per_pass(self) -> int:
        """Whole batches in one pass over the data."""
        return self.draws // self.batch_size


class Members(NamedTuple):
    """The numbers that tell members of one program apart, each `[members]`.

    Attributes:
        seed: all of a member's randomness follows from it.
        beta_kl: the KL term's weight at its height.
        free_bits: nats that every latent unit is charged at least.
        learning_rate: Adam's.
        warmup: the number of the schedule by which beta_kl rises.
        warmup_delay, warmup_length: the rise, in steps.
        warmup_cycles: how often, for the schedule that rises often.
        latent_dim: latent units; the program has as many as its largest member.
        skips: whether a step whose loss or gradient is no number is left out, rather than the last.
    """

    seed: UInt32[Array, "*members"]
    beta_kl: Float[Array, "*members"]
    free_bits: Float[Array, "*members"]
    learning_rate: Float[Array, "*members"]
    warmup: Int[Array, "*members"]
    warmup_delay: Int[Array, "*members"]
    warmup_length: Int[Array, "*members"]
    warmup_cycles: Int[Array, "*members"]
    latent_dim: Int[Array, "*members"]
    skips: Bool[Array, "*members"]


def check_length(config: Config, steps_per_epoch: int) -> None:
    """Make sure that a run's steps can be counted.

    Args:
        config: its settings.
        steps_per_epoch: steps of an epoch; 0 where they are not known yet.

    Raises:
        UserError: there are too many.
    """
    epochs = config.train.epochs
    if epochs * steps_per_epoch > LARGEST_WHOLE:
        raise UserError(
            f"config.train.epochs: found {epochs:,}, of {steps_per_epoch:,} steps each; needs at most "
            f"{LARGEST_WHOLE // steps_per_epoch:,}, as the steps of a run are counted up to {LARGEST_WHOLE:,}"
        )


def check_names(config: Config) -> None:
    """Look up every registered name that a config says.

    Raises:
        UserError: a name is not registered.
    """
    model = config.model
    for registry, name in (
        (ENCODERS, model.encoder),
        (DECODERS, model.decoder),
        (ACTIVATIONS, model.activation),
        (INITIALISERS, model.init),
        (POSTERIORS, model.posterior),
        (LIKELIHOODS, model.likelihood),
        (OBJECTIVES, config.objective.name),
        (SCHEDULES, config.objective.warmup),
    ):
        registry[name]


def program_of(configs: Sequence[Config], dataset: Sizes) -> Program:
    """Return the program that members share on a data set, with as many latent units as the largest has.

    Args:
        configs: settings that differ in the numbers of `Members` only.
        dataset: what they are trained on.

    Raises:
        UserError: there are fewer images than a batch holds.
    """
    config = configs[0]
    if config.train.batch_size > len(dataset.draws):
        raise UserError(
            f"config.train.batch_size: found {config.train.batch_size} for {len(dataset.draws)} training images; "
            f"needs at most {len(dataset.draws)}"
        )
    return Program(
        model=replace(config.model, latent_dim=max(each.model.latent_dim for each in configs)),
        image_shape=dataset.image_shape,
        objective=config.objective.name,
        reduction=config.objective.reduction,
        batch_size=config.train.batch_size,
        levels=config.data.levels,
        sampling=config.data.sampling,
        adam_b1=config.train.adam_b1,
        adam_b2=config.train.adam_b2,
        adam_eps=config.train.adam_eps,
        draws=len(dataset.draws),
    )


def members_of(configs: Sequence[Config], steps_per_epoch: int) -> Members:
    """Gather the numbers of several members.

    Args:
        configs: each member's settings, as it would have them alone.
        steps_per_epoch: steps of an epoch.
    """
    rises = [
        rise(
            c.objective.warmup,
            c.objective.warmup_steps,
            c.objective.warmup_delay,
            c.train.epochs * steps_per_epoch,
        )
        for c in configs
    ]

    def floats(values: Iterable[float]) -> Array:
        return jnp.asarray(np.fromiter(values, np.float32))

    def whole(values: Iterable[int]) -> Array:
        return jnp.asarray(np.fromiter(values, np.int32))

    return Members(
        seed=jnp.asarray(np.array([c.seed for c in configs], np.uint32)),
        beta_kl=floats(c.objective.beta_kl for c in configs),
        free_bits=floats(c.objective.free_bits for c in configs),
        learning_rate=floats(c.train.learning_rate for c in configs),
        warmup=whole(number_of(c.objective.warmup) for c in configs),
        warmup_delay=whole(delay for delay, _ in rises),
        warmup_length=whole(length for _, length in rises),
        warmup_cycles=whole(c.objective.warmup_cycles for c in configs),
        latent_dim=whole(c.model.latent_dim for c in configs),
        skips=jnp.asarray([c.train.on_nan == "skip" for c in configs]),
    )


def epoch_steps(config: Config, dataset: Sizes) -> int:
    """Steps of an epoch: as configured, or one pass over the data."""
    return config.train.steps_per_epoch or max(1, len(dataset.draws) // config.train.batch_size)
