"""The variational mixture of posteriors (Tomczak and Welling 2018, arXiv:1705.07120)."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax.scipy.special import logit
from jaxtyping import Array, Key

from vae_jax.config.checks import limited
from vae_jax.core.errors import UserError
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Batch, Build, Condition, HasLogProb, HasPosterior, Model, TakesPasses
from vae_jax.models.mixtures import Mixture

NOISE = 0.1  # of the pseudo-inputs that start from images, so that no two are equal
DARKEST = 0.02  # pixels start between this and 1 less this, where pseudo-inputs still move
SURE = 0.9  # how much of a pseudo-input's condition is at the start its image's own; the rest is spread evenly


class VampPrior(nnx.Module):
    """A mixture of the posteriors of learned pseudo-inputs, which start from training images."""

    @dataclass(frozen=True)
    class Settings:
        """The mixture.

        Attributes:
            components: number of pseudo-inputs.
        """

        components: int = limited(100, low=1, high=10_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw pseudo-inputs: noise around grey, in place of images."""
        self.start_images = settings.components
        shape = (settings.components, *build.image_shape)
        self.pseudo_inputs = nnx.Param(jax.random.normal(named(key, "images"), shape))
        conditions = jax.random.normal(named(key, "condition"), (settings.components, build.condition))
        self.told = nnx.Param(conditions) if build.condition else None

    def start_from(self, batch: Batch) -> None:
        """Set the pseudo-inputs to images, with a little noise, and their conditions to those of the images."""
        images = logit(jnp.clip(batch.x, DARKEST, 1 - DARKEST))
        self.pseudo_inputs[...] = images + NOISE * self.pseudo_inputs[...]
        if self.told is not None and batch.condition is not None:
            self.told[...] = jnp.log(SURE * batch.condition + (1 - SURE) / batch.condition.shape[-1])

    def __call__(self, model: Model, condition: Condition) -> Mixture:
        """Return the mixture; in a conditional model each pseudo-input has a learned condition.

        Raises:
            UserError: the density of the model's posterior is not known at every point, or takes a pass for each unit.
        """
        conditions = None if self.told is None else jax.nn.softmax(self.told[...])
        x = jax.nn.sigmoid(self.pseudo_inputs[...])
        components = model.posterior_of(x, conditions) if isinstance(model, HasPosterior) else None
        if not isinstance(components, HasLogProb) or isinstance(components, TakesPasses):
            raise UserError(
                "config.model.prior: found 'vamp', which needs config.model.posterior=diagonal_gaussian, or another "
                "whose density at every point is known and takes one pass"
            )
        return Mixture(jnp.full(self.start_images, -math.log(self.start_images)), components)
