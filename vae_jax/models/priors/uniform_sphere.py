"""The uniform prior on the unit sphere."""

from flax import nnx
from jaxtyping import Array, Key

from vae_jax.core.errors import UserError
from vae_jax.models.contracts import Build, Condition, Model
from vae_jax.models.spheres import UniformSphere, lies_on_sphere


class UniformSpherePrior(nnx.Module):
    """Uniform over directions, for any condition."""

    traces_latent_dim = False  # the length is that of all units together

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, model: Model, condition: Condition) -> UniformSphere:
        """Return the prior.

        Raises:
            UserError: the posterior is not on the sphere.
        """
        if not lies_on_sphere(getattr(model, "posterior", None)):
            raise UserError(
                "config.model.prior: found 'uniform_sphere', which needs config.model.posterior=von_mises_fisher"
            )
        return UniformSphere(model.units)
