"""Interpolation between two points of the latent space."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vae_jax.core.registry import Registry

Latent = Float[np.ndarray, " latent"]
Path = Float[np.ndarray, "steps latent"]


def linear(start: Latent, end: Latent, steps: int) -> Path:
    """Linear interpolation in equal steps, both ends included."""
    t = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    points: Path = (1 - t) * start + t * end
    return points


def slerp(start: Latent, end: Latent, steps: int) -> Path:
    """Spherical linear interpolation in equal angles (Shoemake 1985, "Animating rotation with quaternion curves").

    In many dimensions codes lie far from the origin, and a straight line would pass through regions of low prior
    probability. Along the arc the distance from the origin changes linearly. The straight line is returned if an end is
    0, or if both have the same or opposite directions.
    """
    a, b = start.astype(np.float64), end.astype(np.float64)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not min(lengths):
        return linear(start, end, steps)
    a, b = a / lengths[0], b / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))  # accurate for small angles too (Kahan)
    if np.sin(angle) < 1e-6:
        return linear(start, end, steps)
    t = np.linspace(0, 1, steps)[:, None]
    arc = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    points: Path = (((1 - t) * lengths[0] + t * lengths[1]) * arc).astype(start.dtype)
    points[0], points[-1] = start, end
    return points


PATHS: Registry[Callable[[Latent, Latent, int], Path]] = Registry("path", {"linear": linear, "slerp": slerp})
