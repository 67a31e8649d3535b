"""Active units of a latent space."""

import numpy as np
from jaxtyping import Float


def active_units(mu: Float[np.ndarray, "n latent"]) -> int:
    """Count the units whose posterior mean has a variance over images above 0.01 (Burda et al. 2016, arXiv:1509.00519).

    Args:
        mu: posterior means of images.
    """
    return int((mu.var(axis=0, dtype=np.float64) > 0.01).sum())
