"""Which units of a latent space are used at all."""

import numpy as np
from jaxtyping import Float

ACTIVE = 0.01


def active_units(mu: Float[np.ndarray, "n latent"], least: float = ACTIVE) -> int:
    """Count the units whose posterior mean varies over images (Burda et al. 2016, arXiv:1509.00519).

    Args:
        mu: posterior means of images.
        least: the variance that a unit must have more than.
    """
    return int((mu.var(axis=0, dtype=np.float64) > least).sum())
