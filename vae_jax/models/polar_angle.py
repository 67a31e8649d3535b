"""The angle between a point of the unit sphere and the centre of a von Mises-Fisher distribution.

On the sphere in `dim` dimensions its density is proportional to `exp(kappa cos(angle)) sin(angle)^(dim - 2)`, whose
integral is Poisson's of the modified Bessel function of order `dim / 2 - 1` (Abramowitz and Stegun 1964, eq. 9.6.18).
It is computed by Gauss's rule around the mode, relative to the density there, and so are its derivatives: this is
stable for the circle, for hundreds of dimensions and for every `kappa`.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

Numbers = Float[Array, "..."]

NODES, WEIGHTS = (row.astype(np.float32) for row in np.polynomial.legendre.leggauss(64))
REACH = 9.0  # an integral takes in so many standard deviations: what is left out is below 1e-11
# At least 0.65 of the proposals are accepted, least of all on the circle. In one of 1e11 samples none of them is, and
# the first is taken.
PROPOSALS = 24


class Mode(NamedTuple):
    """The mode of the angle's density, and the standard deviation of a normal of the same curvature; held fixed."""

    angle: Numbers
    cosine: Numbers
    log_sine: Numbers
    deviation: Numbers


def mode_of(dim: int, kappa: Numbers) -> Mode:
    """Return the mode, which solves `kappa sin^2 = (dim - 2) cos`."""
    kappa = jax.lax.stop_gradient(kappa)
    if dim == 2:
        zero = jnp.zeros_like(kappa)
        return Mode(zero, zero + 1, zero, kappa**-0.5)
    root = jnp.sqrt((dim - 2) ** 2 + 4 * kappa**2)
    cosine = 2 * kappa / (dim - 2 + root)
    below_one = (dim - 2) * (1 + (dim - 2) / (root + 2 * kappa)) / (dim - 2 + root)  # 1 - cosine
    squared_sine = below_one * (1 + cosine)
    angle = 2 * jnp.arctan2(jnp.sqrt(below_one), jnp.sqrt(1 + cosine))
    deviation = (kappa * cosine + (dim - 2) / squared_sine) ** -0.5
    return Mode(angle, cosine, 0.5 * jnp.log(squared_sine), deviation)


def log_density(dim: int, kappa: Numbers, cosine: Numbers) -> Numbers:
    """Return the log of the density on the sphere where the angle has this cosine, in nats."""
    return kappa * (cosine - mode_of(dim, kappa).cosine) - _log_mass(dim, kappa)


def mean_cosine(dim: int, kappa: Numbers) -> Numbers:
    """Return the mean of the cosine, `I_{dim/2}(kappa) / I_{dim/2 - 1}(kappa)`: the mean resultant length."""
    return mode_of(dim, kappa).cosine + _mean_offset(dim, kappa)


def kl_to_uniform(dim: int, kappa: Numbers) -> Numbers:
    """Return the KL to the uniform distribution on the sphere, in nats."""
    return kappa * _mean_offset(dim, kappa) - _log_mass(dim, kappa) + log_area(dim)


def log_area(dim: int) -> float:
    """Return the log of the area of the unit sphere in `dim` dimensions."""
    return math.log(2) + dim / 2 * math.log(math.pi) - math.lgamma(dim / 2)


def sample_angle(dim: int, kappa: Float[Array, " batch"], draws: Float[Array, "k batch proposals 3"]) -> Numbers:
    """Sample angles by rejection (Ulrich 1984; Wood 1994), with an unbiased gradient in `kappa`.

    A proposal is a coordinate t of a uniform point on the sphere, moved to `cos(angle) = (x + t) / (1 + x t)`. Its
    gradient is implicit (Figurnov et al. 2018, arXiv:1805.08498): that of the angle at which the distribution function
    keeps its value. So it is the whole gradient, with no term for the rejections.

    Args:
        dim: of the space around the sphere; at least 2.
        kappa: the concentration of each example; at least 0.
        draws: uniform in [0, 1).

    Returns:
        `[k, batch]`, in radians.
    """
    fixed = jax.lax.stop_gradient(kappa)
    angle = _accepted(dim, fixed, draws)
    slope = _implicit_slope(dim, fixed, angle)
    return angle + slope * (kappa - fixed)


def _accepted(dim: int, kappa: Float[Array, " batch"], draws: Float[Array, "k batch proposals 3"]) -> Numbers:
    ratio = (dim - 1) / (2 * kappa + jnp.sqrt(4 * kappa**2 + (dim - 1) ** 2))  # (1 - x) / (1 + x)
    ratio = ratio[:, None]
    x = (1 - ratio) / (1 + ratio)
    # Two coordinates of a uniform point on the sphere lie this far from 0.
    radius = jnp.sqrt(-jnp.expm1(2 * jnp.log(draws[..., 0]) / (dim - 2))) if dim > 2 else 1.0
    t = radius * jnp.cos(2 * jnp.pi * draws[..., 1])
    log_accept = (dim - 1) * (x * t / (1 + x * t) - jnp.log1p(x * t))
    accepted: Bool[Array, "k batch proposals"] = log_accept >= jnp.log(draws[..., 2])
    angles = 2 * jnp.arctan2(jnp.sqrt(ratio * (1 - t)), jnp.sqrt(1 + t))
    first = jnp.argmax(accepted, axis=-1, keepdims=True)
    # At the poles themselves the density of the angle is 0.
    return jnp.clip(jnp.take_along_axis(angles, first, axis=-1)[..., 0], 1e-6, jnp.pi - 1e-6)


def _implicit_slope(dim: int, kappa: Numbers, angle: Numbers) -> Numbers:
    """Return minus the derivative of the distribution function in `kappa` over its derivative in the angle.

    It is the integral of `(cos - mean cosine) * density / density at the angle` over the angle's farther side from the
    mode, where that quotient is at most 1.
    """
    mode, mean = mode_of(dim, kappa), _mean_offset(dim, kappa)
    beyond = angle > mode.angle
    low = jnp.where(beyond, angle, jnp.maximum(angle - REACH * mode.deviation, 0.0))
    high = jnp.where(beyond, jnp.minimum(angle + REACH * mode.deviation, jnp.pi), angle)
    at, weights = _rule(low, high)
    log_ratio = kappa[..., None] * _cosine_difference(at, angle[..., None])
    if dim > 2:
        log_ratio += (dim - 2) * (jnp.log(jnp.sin(at)) - jnp.log(jnp.sin(angle))[..., None])
    above_mean = _cosine_difference(at, mode.angle[..., None]) - mean[..., None]
    integral = jnp.sum(weights * above_mean * jnp.exp(log_ratio), axis=-1)
    return jnp.where(beyond, integral, -integral)


def _log_mass(dim: int, kappa: Numbers) -> Numbers:
    """Return log of the integral over the sphere of `exp(kappa (cos(angle) - cosine of the mode))`."""
    exponent, _ = _around_mode(dim, kappa)
    circles = log_area(dim - 1)  # of the points at one angle: a sphere of one dimension less
    return circles + (dim - 2) * mode_of(dim, kappa).log_sine + jax.nn.logsumexp(exponent, axis=-1)


def _mean_offset(dim: int, kappa: Numbers) -> Numbers:
    """Return the mean cosine less the cosine of the mode."""
    exponent, offset = _around_mode(dim, kappa)
    return jnp.sum(jax.nn.softmax(exponent, axis=-1) * offset, axis=-1)


def _around_mode(dim: int, kappa: Numbers) -> tuple[Float[Array, "... nodes"], Float[Array, "... nodes"]]:
    """Return the log of the density at Gauss's nodes relative to the mode with their weights, and their cosines."""
    mode = mode_of(dim, kappa)
    reach = REACH * mode.deviation
    at, weights = _rule(jnp.maximum(mode.angle - reach, 0.0), jnp.minimum(mode.angle + reach, jnp.pi))
    offset = _cosine_difference(at, mode.angle[..., None])
    exponent = kappa[..., None] * offset + jnp.log(weights)
    if dim > 2:
        exponent += (dim - 2) * (jnp.log(jnp.sin(at)) - mode.log_sine[..., None])
    return exponent, offset


def _rule(low: Numbers, high: Numbers) -> tuple[Float[Array, "... nodes"], Float[Array, "... nodes"]]:
    """Return the nodes and weights of Gauss's rule between two angles."""
    middle, half = (low + high)[..., None] / 2, (high - low)[..., None] / 2
    return middle + half * NODES, half * WEIGHTS


def _cosine_difference(one: Numbers, other: Numbers) -> Numbers:
    """Return `cos(one) - cos(other)`, precise for angles that are close to each other."""
    return -2 * jnp.sin((one + other) / 2) * jnp.sin((one - other) / 2)
