"""The contract of samplers: distributions of latents that are fitted to the codes of a trained model."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

Fitted = Mapping[str, np.ndarray]
Latents = Float[np.ndarray, "n latent"]
Labels = Int[np.ndarray, " n"]


@runtime_checkable
class Sampler(Protocol):
    """A frozen dataclass of its own settings."""

    def fit(self, codes: Latents, labels: Labels, classes: int, seed: int) -> Fitted:
        """Fit to codes of training images.

        Args:
            codes: at least one, all finite.
            labels: the class of each.
            classes: how many there are; some may have no codes.
            seed: decides every random draw.

        Returns:
            arrays, which are kept in the run folder.
        """

    def sample(self, fitted: Fitted, count: int, labels: Labels | None, seed: int) -> Latents:
        """Draw latents.

        Args:
            fitted: what `fit` returned.
            count: how many.
            labels: the class of each; None for any.
            seed: decides the latents.
        """
