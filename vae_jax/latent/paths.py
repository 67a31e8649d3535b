"""Ways through the latent space."""

import numpy as np
from jaxtyping import Float

from vae_jax.registry import Registry


def linear(
    start: Float[np.ndarray, " latent"], end: Float[np.ndarray, " latent"], steps: int
) -> Float[np.ndarray, "steps latent"]:
    """The straight line, in equal steps, both ends included."""
    t = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    points: Float[np.ndarray, "steps latent"] = (1 - t) * start + t * end
    return points


PATHS = Registry("path", {"linear": linear})
