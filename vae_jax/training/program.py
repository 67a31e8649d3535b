"""What shapes a compiled program, and the numbers that don't.

A member's settings split in two: a `Program`, static and hashable, equal for all members that train together, and
`Members`, arrays with a leading axis over the members.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from vae_jax.config import Config, ModelConfig
from vae_jax.data.dataset import Sizes
from vae_jax.errors import UserError
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.mlp import ACTIVATIONS, DECODERS, ENCODERS
from vae_jax.models.posteriors import POSTERIORS
from vae_jax.objectives import OBJECTIVES, Normalisation
from vae_jax.schedules import SCHEDULES, rise


@dataclass(frozen=True)
class Program:
    """All that shapes the compiled training program.

    Attributes:
        model: the autoencoder's parts and sizes.
        image_shape: height, width, channels.
        objective, warmup, warmup_cycles, reduction: see `ObjectiveConfig`.
        batch_size, levels, sampling: see `TrainConfig` and `DataConfig`.
        adam_b1, adam_b2, adam_eps: see `TrainConfig`.
        draws: how many indices one pass over the data has.
    """

    model: ModelConfig
    image_shape: tuple[int, int, int]
    objective: str
    warmup: str
    warmup_cycles: int
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
    def steps_per_pass(self) -> int:
        """Whole batches in one pass over the data."""
        return self.draws // self.batch_size


class Members(NamedTuple):
    """The numbers that tell members of one program apart, each `[members]`.

    Attributes:
        seed: all of a member's randomness follows from it.
        beta_kl: the KL term's weight at its height.
        learning_rate: Adam's.
        warmup_delay, warmup_length: the rise of beta_kl, in steps.
        latent_dim: latent units; the program has as many as its largest member.
    """

    seed: UInt32[Array, "*members"]
    beta_kl: Float[Array, "*members"]
    learning_rate: Float[Array, "*members"]
    warmup_delay: Int[Array, "*members"]
    warmup_length: Int[Array, "*members"]
    latent_dim: Int[Array, "*members"]


# The fields in which members of one program may differ.
MEMBER_FIELDS = (
    "seed",
    "objective.beta_kl",
    "objective.warmup_steps",
    "objective.warmup_delay",
    "train.learning_rate",
    "model.latent_dim",
)

# The parts of the config that say how members are trained; the others are the run's and the same for all.
MEMBER_PARTS = ("seed", "model", "objective", "train")
MEMBER_DATA = ("data.levels", "data.sampling")
RUN_TRAIN = ("train.members_per_step", "train.data_devices")


def check_sweep(swept: Sequence[str]) -> None:
    """Make sure that the swept fields are ones that members can differ in.

    Raises:
        UserError: one is the whole run's.
    """
    for name in swept:
        if name in RUN_TRAIN or (name.partition(".")[0] not in MEMBER_PARTS and name not in MEMBER_DATA):
            raise UserError(
                f"config.sweep: found {name}, which all members of a run share; needs a field of "
                f"{', '.join(MEMBER_PARTS)}, or {' or '.join(MEMBER_DATA)} (else start a run for each value)"
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
        configs: settings that differ in `MEMBER_FIELDS` only.
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
        warmup=config.objective.warmup,
        warmup_cycles=config.objective.warmup_cycles,
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
    return Members(
        seed=jnp.asarray(np.array([c.seed for c in configs], np.uint32)),
        beta_kl=jnp.asarray(np.array([c.objective.beta_kl for c in configs], np.float32)),
        learning_rate=jnp.asarray(np.array([c.train.learning_rate for c in configs], np.float32)),
        warmup_delay=jnp.asarray(np.array([delay for delay, _ in rises], np.int32)),
        warmup_length=jnp.asarray(np.array([length for _, length in rises], np.int32)),
        latent_dim=jnp.asarray(np.array([c.model.latent_dim for c in configs], np.int32)),
    )


def epoch_steps(config: Config, dataset: Sizes) -> int:
    """Steps of an epoch: as configured, or one pass over the data."""
    return config.train.steps_per_epoch or max(1, len(dataset.draws) // config.train.batch_size)
