"""Two-dimensional views of a latent space: principal components, and square grids in a plane."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class PrincipalComponents(NamedTuple):
    """Principal components of latent codes, largest variance first.

    Attributes:
        centre: the mean code, `[latent]`.
        directions: orthonormal, `[components, latent]`.
        explained: explained variance ratios, `[components]`; 0 if all codes are equal.
    """

    centre: Float[np.ndarray, " latent"]
    directions: Float[np.ndarray, "components latent"]
    explained: Float[np.ndarray, " components"]


def principal_components(codes: Float[np.ndarray, "n latent"]) -> PrincipalComponents:
    """Return the principal components of codes, from a singular value decomposition of the centred codes.

    Each direction's entry of largest magnitude is positive, so that the same codes always give the same figure.
    """
    centre = codes.mean(axis=0, dtype=np.float64)  # exact enough that equal codes are equal to it
    _, strengths, directions = np.linalg.svd(codes - centre, full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    variance = strengths**2
    found = centre, directions, variance / (variance.sum() or 1)
    return PrincipalComponents(*(array.astype(codes.dtype) for array in found))


class Plane(NamedTuple):
    """A plane in the latent space: a point `[latent]` and two orthonormal directions `[2, latent]`."""

    centre: Float[np.ndarray, " latent"]
    axes: Float[np.ndarray, "two latent"]

    def coordinates(self, codes: Float[np.ndarray, "*n latent"]) -> Float[np.ndarray, "*n two"]:
        """Project codes onto the plane; with a single unit the second coordinate is 0."""
        flat: Float[np.ndarray, "*n two"] = (codes - self.centre) @ self.axes.T
        return flat


def widest_plane(codes: Float[np.ndarray, "n latent"]) -> Plane:
    """Return the whole space if it has one or two units, else the plane of the first two principal components."""
    latent_dim = codes.shape[1]
    if latent_dim <= 2:
        return Plane(np.zeros(latent_dim, codes.dtype), np.eye(2, latent_dim, dtype=codes.dtype))
    codes = np.resize(codes, (max(2, len(codes)), latent_dim))  # a single code has only one component
    components = principal_components(codes)
    return Plane(components.centre, components.directions[:2])


def square_grid(plane: Plane, codes: Float[np.ndarray, "n latent"], side: int) -> Float[np.ndarray, "side side latent"]:
    """Return a square grid in the middle of the codes, as in the post: its radius is a quarter of the larger range.

    Args:
        plane: the plane of the grid.
        codes: their ranges set the grid's centre and size.
        side: points along each side.

    Returns:
        the points; row 0 is the upper edge (largest second coordinate), column 0 the left one.
    """
    flat = plane.coordinates(codes)
    middle = (flat.max(axis=0) + flat.min(axis=0)) / 2
    radius = float(np.ptp(flat, axis=0).max()) / 4
    reach = np.linspace(-radius, radius, side, dtype=np.float32)
    across, down = np.meshgrid(middle[0] + reach, middle[1] - reach)
    points: Float[np.ndarray, "side side latent"] = plane.centre + np.stack([across, down], axis=-1) @ plane.axes
    return points
