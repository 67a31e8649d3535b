"""The variational mixture of posteriors (Tomczak and Welling 2018, arXiv:1705.07120)."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.config.checks import limited
from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Build, Condition, HasPosterior, Model
from vae_jax.models.normals import DiagonalGaussian


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MixtureOfNormals:
    """Normals of equal weight.

    Attributes:
        components: with `mu` and `sigma` of `[components, units]`.
    """

    components: DiagonalGaussian

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Draw a component, then a point from it."""
        count = len(self.components.mu)
        chosen = jnp.minimum((noise.uniform("component", (), (k,)) * count).astype(jnp.int32), count - 1)
        eps = noise.normal("latents", self.components.units, (k,))
        z = self.components.mu[chosen] + self.components.sigma[chosen] * eps
        z = jnp.where(self.components.units.mask, z, 0.0)
        return z, self.log_prob(z)

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*lead"]:
        """Return the log density, in nats."""
        densities = self.components.log_prob(z[..., None, :])
        return jax.nn.logsumexp(densities, axis=-1) - math.log(densities.shape[-1])


class VampPrior(nnx.Module):
    """A mixture of the posteriors of learned pseudo-inputs."""

    @dataclass(frozen=True)
    class Settings:
        """The mixture.

        Attributes:
            components: number of pseudo-inputs.
        """

        components: int = limited(100, low=1, high=10_000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the pseudo-inputs: noise around grey."""
        shape = (settings.components, *build.image_shape)
        self.pseudo_inputs = nnx.Param(jax.random.normal(named(key, "images"), shape))
        conditions = jax.random.normal(named(key, "condition"), (settings.components, build.condition))
        self.told = nnx.Param(conditions) if build.condition else None

    def __call__(self, model: Model, condition: Condition) -> MixtureOfNormals:
        """Return the mixture; in a conditional model each pseudo-input has a learned condition.

        Raises:
            UserError: the model's posterior is not a diagonal normal.
        """
        conditions = None if self.told is None else jax.nn.softmax(self.told[...])
        x = jax.nn.sigmoid(self.pseudo_inputs[...])
        components = model.posterior_of(x, conditions) if isinstance(model, HasPosterior) else None
        if not isinstance(components, DiagonalGaussian):
            raise UserError("config.model.prior: found 'vamp', which needs config.model.posterior=diagonal_gaussian")
        return MixtureOfNormals(components)
