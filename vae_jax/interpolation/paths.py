"""Ways through the latent space."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vae_jax.core.registry import Registry

Latent = Float[np.ndarray, " latent"]
Way = Float[np.ndarray, "steps latent"]


def linear(start: Latent, end: Latent, steps: int) -> Way:
    """The straight line, in equal steps, both ends included."""
    t = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    points: Way = (1 - t) * start + t * end
    return points


def slerp(start: Latent, end: Latent, steps: int) -> Way:
    """The great arc, in equal angles (Shoemake 1985, "Animating rotation with quaternion curves").

    Codes of many units lie far from the origin, where the straight line would cut through regions that the prior
    hardly ever reaches; the arc keeps their distance, which goes evenly from the one's to the other's. Ends without a
    direction, or with the same or opposite ones, have no arc between them: the line is given.
    """
    a, b = start.astype(np.float64), end.astype(np.float64)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not min(lengths):
        return linear(start, end, steps)
    a, b = a / lengths[0], b / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))  # exact for small angles too (Kahan)
    if np.sin(angle) < 1e-6:
        return linear(start, end, steps)
    t = np.linspace(0, 1, steps)[:, None]
    arc = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    points: Way = (((1 - t) * lengths[0] + t * lengths[1]) * arc).astype(start.dtype)
    points[0], points[-1] = start, end
    return points


PATHS: Registry[Callable[[Latent, Latent, int], Way]] = Registry("path", {"linear": linear, "slerp": slerp})
