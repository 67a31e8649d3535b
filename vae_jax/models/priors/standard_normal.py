"""The standard normal prior."""

from flax import nnx
from jaxtyping import Array, Key

from vae_jax.models.contracts import Build, Condition, Model
from vae_jax.models.normals import StandardNormal


class StandardNormalPrior(nnx.Module):
    """N(0, I), for any condition."""

    def __init__(self, settings: None, build: Build, key: Key[Array, ""]) -> None:
        """Has no parameters."""

    def __call__(self, model: Model, condition: Condition) -> StandardNormal:
        """Return N(0, I)."""
        return StandardNormal(model.units)
