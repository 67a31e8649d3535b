"""The model's own prior in the place of a fitted sampler."""

from dataclasses import dataclass

from vae_jax.samplers.contracts import Fitted, Labels, Latents


@dataclass(frozen=True)
class Prior:
    """Latents are drawn from the prior of the model, which draws them itself."""

    def fit(self, codes: Latents, labels: Labels, classes: int, seed: int) -> Fitted:
        """Fit nothing."""
        return {}

    def sample(self, fitted: Fitted, count: int, labels: Labels | None, seed: int) -> Latents:
        """Draw nothing: only the model has the prior.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("the model draws from its prior itself")
