"""The mass of a transformed density in two dimensions, by change of variables on a grid."""

import numpy as np

LINE = np.linspace(-4.5, 4.5, 121, dtype=np.float32)
EPS = np.stack(np.meshgrid(LINE, LINE, indexing="ij"), axis=-1).reshape(-1, 1, 2)


def mass(z, log_q):
    """Sum the density of each moved cell times its area.

    Args:
        z: where the points of `EPS`, as standard normal noise, are moved to: `[n, 1, 2]`.
        log_q: their log densities: `[n, 1]`.
    """
    side = len(LINE)
    density, grid = np.exp(np.asarray(log_q, np.float64)).reshape(side, side), np.asarray(z, np.float64)
    grid = grid.reshape(side, side, 2)
    down, across = grid[1:, :-1] - grid[:-1, :-1], grid[:-1, 1:] - grid[:-1, :-1]
    areas = np.abs(down[..., 0] * across[..., 1] - down[..., 1] * across[..., 0])
    corners = density[1:, 1:] + density[1:, :-1] + density[:-1, 1:] + density[:-1, :-1]
    return np.sum(corners / 4 * areas)
