"""The contract between an objective and training: terms of each example, and a loss of their means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.config.schema import Config
from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import Batch, Model

Scalar = Float[Array, ""]
Terms = Mapping[str, Float[Array, "batch ..."]]
Means = Mapping[str, Float[Array, "..."]]  # of terms, over examples
Metrics = dict[str, Float[Array, "..."]]  # scalars, of several members `[members]`


def larger_is_better(metric: str) -> bool:
    """Whether a metric is a lower bound, better the larger: `elbo`, `bound` and names that end so; others are costs."""
    return metric == "elbo" or metric.endswith("bound")


@dataclass(frozen=True)
class ObjectiveBuild:
    """What an objective is built with.

    Attributes:
        config: the member's settings; traced numbers are arrays.
        units: of the latent space.
        batch_size: images in a training batch (the post sums the KL over it).
        images: number of training images.
        pixels: pixels of an image times its channels.
        constant: the likelihood's constant, in nats per pixel.
    """

    config: Config
    units: Units
    batch_size: int
    images: int
    pixels: int
    constant: float


@runtime_checkable
class Objective(Protocol):
    """A training loss. Constructed as `(settings, build)`.

    The framework averages the terms over the examples of a batch or of a whole split, leaving padding out. The gradient
    of the loss updates both the model and the objective's own module; use `jax.lax.stop_gradient` to control which term
    updates which.

    A class may say `charges_free_bits = False`, where `objective.free_bits` changes nothing; `least_samples`, of each
    image; `needs_whole_batch = True`, where the loss is not linear in the means, so that a batch can't be spread over
    devices.
    """

    def own(self, key: Key[Array, ""], model: Model) -> nnx.Module | None:
        """Return a module of its own, such as a critic, that is trained together with the model; or None."""

    def terms(self, model: Model, own: nnx.Module | None, batch: Batch, noise: Noise, step: Int[Array, ""]) -> Terms:
        """Return the terms of each example, by name: `[batch]` or `[batch, parts]`."""

    def loss(self, means: Means, step: Int[Array, ""]) -> tuple[Scalar, Metrics]:
        """Return the loss and named metrics from the terms' means over examples."""


@runtime_checkable
class HasOptimiser(Protocol):
    """An objective with an optimiser for its own module; without one it has the model's optimiser."""

    def optimiser(self) -> optax.GradientTransformation:
        """Return the optimiser of the own module."""


@runtime_checkable
class DependsOnBatch(Protocol):
    """An objective whose terms depend on the other examples of a batch: it is evaluated at the training batch size."""

    depends_on_batch: bool
