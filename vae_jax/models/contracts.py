"""Contracts between the parts of a model.

Shapes: `batch` examples, `k` latent samples of each, `units` of the latent space in one flat last axis (the levels of a
hierarchy side by side). Log densities are in nats. Distributions are pytrees of arrays, so that their leaves can be
held fixed or paired within a batch.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
from jaxtyping import Array, Float, Int, Key

from vae_jax.config.schema import Config
from vae_jax.core.noise import Noise
from vae_jax.core.units import Units

Images = Float[Array, "batch height width channels"]
Condition = Float[Array, "batch condition"] | None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Batch:
    """Examples as a model sees them.

    Attributes:
        x: pixels in [0, 1], after the data's transform.
        condition: what the model is conditioned on, or None.
        index: each example's index in its split.
    """

    x: Images
    condition: Condition
    index: Int[Array, " batch"]


@dataclass(frozen=True)
class Build:
    """What a part is built with.

    Attributes:
        config: the member's settings; traced numbers are arrays.
        image_shape: height, width, channels.
        units: of the latent space.
        condition: length of the condition vector; 0 for an unconditional model.
        features: length of the encoder's feature vector; set once the encoder is built.
        outputs: decoder outputs that the likelihood needs for each pixel and channel.
    """

    config: Config
    image_shape: tuple[int, int, int]
    units: Units
    condition: int = 0
    features: int = 0
    outputs: int = 1


@runtime_checkable
class Encoder(Protocol):
    """Maps images to features. Constructed as `(settings, build, key)`."""

    features: int

    def __call__(self, x: Images, condition: Condition) -> Float[Array, "batch features"]:
        """Encode images."""


@runtime_checkable
class Decoder(Protocol):
    """Maps latents to the parameters of the likelihood. Constructed as `(settings, build, key)`."""

    def __call__(
        self, z: Float[Array, "n units"], condition: Float[Array, "n condition"] | None
    ) -> Float[Array, "n height width outputs"]:
        """Decode latents; the outputs of each channel are adjacent."""


@runtime_checkable
class Distribution(Protocol):
    """q(z|x) or p(z): a pytree of arrays. The protocols below are its optional methods."""

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw `k` samples of each example; return them and their log density."""


@runtime_checkable
class HasLogProb(Distribution, Protocol):
    """A distribution whose density can be evaluated at any point; every prior has one."""

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density of points, which broadcast against the distribution's batch."""


@runtime_checkable
class TakesPasses(Protocol):
    """A distribution whose density at a point takes many evaluations of a network: too many for all pairs of points."""

    @property
    def passes(self) -> int:
        """How often a network is evaluated for a point's density."""


@runtime_checkable
class HasUnitLogProb(HasLogProb, Protocol):
    """A distribution of independent units."""

    def unit_log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all units"]:
        """Return the log density of each unit; points broadcast as in `log_prob`."""


@runtime_checkable
class HasKL(Protocol):
    """A posterior whose KL to some priors is known in closed form."""

    def kl(self, p: HasLogProb) -> Float[Array, "batch parts"] | None:
        """Return KL(q || p) by part in nats, or None where it has no closed form for this `p`."""


@runtime_checkable
class HasCentre(Protocol):
    """A posterior with a point that represents an example, such as its mean."""

    def centre(self) -> Float[Array, "batch units"]:
        """Return the point."""


@runtime_checkable
class HasScale(Protocol):
    """A posterior with a standard deviation of each unit."""

    def scale(self) -> Float[Array, "batch units"]:
        """Return the standard deviations."""


@runtime_checkable
class HasPenalty(Protocol):
    """A posterior with its own cost, such as the commitment of a vector quantiser."""

    @property
    def penalty(self) -> Float[Array, " batch"]:
        """Return the cost of each example."""


@runtime_checkable
class Posterior(Protocol):
    """Maps features to q(z|x). Constructed as `(settings, build, key)`."""

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> Distribution:
        """Return the posterior of each example."""


@runtime_checkable
class Prior(Protocol):
    """p(z), or p(z|condition). Constructed as `(settings, build, key)`."""

    def __call__(self, model: "Model", condition: Condition) -> HasLogProb:
        """Return the prior; it may use the model, such as its posterior at pseudo-inputs."""


@runtime_checkable
class StartsFromImages(Protocol):
    """A prior that starts from training images; it is told them when a member's state is initialised.

    Attributes:
        start_images: how many it takes.
    """

    start_images: int

    def start_from(self, batch: Batch) -> None:
        """Set the starting weights; `batch` has as many images, all different if there are enough."""


@runtime_checkable
class PixelDistribution(Protocol):
    """p(x|z) for given decoder outputs: a pytree of arrays."""

    def log_prob(self, x: Images) -> Float[Array, "*lead batch"]:
        """Return log p(x|z) in nats, summed over pixels."""

    def mean(self) -> Float[Array, "*lead batch height width channels"]:
        """Return the mean image, in [0, 1]."""

    def sample(self, noise: Noise) -> Float[Array, "*lead batch height width channels"]:
        """Sample images."""


@runtime_checkable
class Likelihood(Protocol):
    """A family of p(x|z). Constructed as `(settings, build, key)`.

    Attributes:
        outputs: decoder outputs for each pixel and channel.
        constant: the part of -log p that does not depend on the outputs, in nats per pixel and channel.
        support: `the reals`, `256 grey levels` or `{0, 1}`; log-likelihoods over different supports don't compare.
    """

    outputs: int
    constant: float
    support: str

    def __init__(self, settings: Any, build: Build, key: Key[Array, ""]) -> None:
        """Initialise the parameters."""

    def __call__(self, outputs: Float[Array, "*lead height width outputs"]) -> PixelDistribution:
        """Return the distribution of each image."""


class Inference(NamedTuple):
    """What a model infers of a batch.

    Attributes:
        z: samples.
        log_q, log_p: the log densities of the samples under the posterior and under the prior.
        rates: KL(q || p) in nats by unit (or group, level, code position), in closed form, or estimated from these
            samples where there is none; None: log q - log p is used instead. Masked units come last.
        penalty: the posterior's own cost, or None.
        q, p: the distributions; None for a model of several levels.
    """

    z: Float[Array, "k batch units"]
    log_q: Float[Array, "k batch"]
    log_p: Float[Array, "k batch"]
    rates: Float[Array, "batch parts"] | None
    penalty: Float[Array, " batch"] | None
    q: Distribution | None
    p: HasLogProb | None


class Codes(NamedTuple):
    """The latent point that represents an example, and its standard deviations, or None."""

    point: Float[Array, "batch units"]
    scale: Float[Array, "batch units"] | None


@runtime_checkable
class Model(Protocol):
    """All that objectives, evaluation and samplers use of a model. Constructed as `(settings, build, key)`."""

    @property
    def units(self) -> Units:
        """The latent units of all levels, side by side."""

    def infer(self, x: Images, condition: Condition, noise: Noise, k: int) -> Inference:
        """Draw `k` latent samples of each example, with their densities."""

    def decode(self, z: Float[Array, "*lead units"], condition: Condition) -> PixelDistribution:
        """Return p(x|z) of latents."""

    def sample_prior(self, noise: Noise, condition: Condition) -> Float[Array, "n units"]:
        """Draw one latent for each example of the noise's batch."""

    def codes(self, x: Images, condition: Condition) -> Codes:
        """Return the code of each example; nothing is sampled."""


@runtime_checkable
class HasPosterior(Protocol):
    """A model of one level, whose posterior can be evaluated at any images."""

    def posterior_of(self, x: Images, condition: Condition) -> Distribution:
        """Return q(z|x)."""
