"""A sampler fitted to the codes of a member's training images."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from vae_jax.core.errors import UserError
from vae_jax.core.random_keys import named
from vae_jax.data.dataset import Split
from vae_jax.evaluation.encoding import condition_of, encode_images
from vae_jax.samplers.contracts import Fitted, Sampler
from vae_jax.training.member import Weights, member_key
from vae_jax.training.spec import Spec

MOST_CODES = 5_000  # that a sampler is fitted to, and one more of a class that these leave out


class FittedSampler(NamedTuple):
    """A sampler and what it was fitted to.

    Attributes:
        name: in the registry.
        sampler: its settings and methods.
        fitted: the arrays that it found.
        codes: how many codes it was fitted to.
    """

    name: str
    sampler: Sampler
    fitted: Fitted
    codes: int

    def sample(self, count: int, labels: Int[np.ndarray, " n"] | None, seed: int) -> Float[np.ndarray, "n latent"]:
        """Draw latents: any, or one of each of these classes.

        Raises:
            UserError: a label is of a class without training images.
        """
        return self.sampler.sample(self.fitted, count, labels, seed_of(seed, "samples"))


def fit_sampler(
    name: str, sampler: Sampler, spec: Spec, weights: Weights, train: Split, classes: int, seed: int
) -> FittedSampler:
    """Encode training images, about `MOST_CODES` of them at most, and fit a sampler to their codes.

    Args:
        name, sampler: what is fitted.
        spec, weights: the member's.
        train: its training images.
        classes: of the data set.
        seed: the member's.

    Raises:
        UserError: a code is not finite.
    """
    index = codes_used(train)
    labels = train.labels[index]
    codes = encode_images(spec, weights, train.images[index], condition_of(spec, labels)).mu
    if not np.isfinite(codes).all():
        raise UserError(
            f"config.sampler.name: {name!r} can't be fitted: some codes of the training images are not finite"
        )
    return FittedSampler(name, sampler, sampler.fit(codes, labels, classes, seed_of(seed, "fit")), len(codes))


def codes_used(train: Split) -> Int[np.ndarray, " n"]:
    """Return the indices of the images to encode: evenly spaced, and the first one of every class."""
    most = min(len(train), MOST_CODES)
    first_of_each = np.unique(train.labels, return_index=True)[1]
    return np.union1d(np.arange(most) * len(train) // most, first_of_each)


def seed_of(seed: int, use: str) -> int:
    """Return a seed for NumPy, of a member's seed and a use."""
    bits: Array = jax.random.bits(named(member_key(jnp.uint32(seed)), f"sampler {use}"))
    return int(bits)
