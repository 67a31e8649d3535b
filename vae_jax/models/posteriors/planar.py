"""Planar flows (Rezende and Mohamed 2015, arXiv:1505.05770)."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from vae_jax.config.checks import limited
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.models.dense import UnitHead, linear
from vae_jax.models.flows import Moved
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.normals import DiagonalGaussian, gaussian_of
from vae_jax.models.softplus import softplus

MARGIN = 1e-4  # the least factor by which a layer changes a volume
HALVINGS = 24  # of the interval in which a layer's inverse is; Newton's method takes the last step


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PlanarDistribution:
    """A normal transformed by planar layers.

    Attributes:
        base: the normal.
        u, w: `[batch, layers, units]`, where a layer moves points and across which planes; 0 for masked units.
        b: `[batch, layers]`, where these planes lie.
    """

    base: DiagonalGaussian
    u: Float[Array, "batch layers units"]
    w: Float[Array, "batch layers units"]
    b: Float[Array, "batch layers"]

    def sample(self, noise: Noise, k: int) -> tuple[Float[Array, "k batch units"], Float[Array, "k batch"]]:
        """Transform samples of the normal."""
        z, log_q = self.base.sample(noise, k)
        moved, log_det = self.moved(z)
        return moved, log_q - log_det

    def centre(self) -> Float[Array, "batch units"]:
        """Return the transformed mean of the normal."""
        return self.moved(self.base.centre())[0]

    def log_prob(self, z: Float[Array, "*lead units"]) -> Float[Array, "*all"]:
        """Return the log density, in nats; points and distributions broadcast against each other."""
        origin, log_det = self.led_back(jnp.broadcast_to(z, jnp.broadcast_shapes(z.shape, self.base.mu.shape)))
        density: Float[Array, "*all"] = self.base.log_prob(origin) + log_det
        return density

    def moved(self, z: Float[Array, "*lead units"]) -> Moved:
        """Return the moved points and log |det| of the Jacobian (eq. 10 to 12); `lead` ends with batch."""
        log_det = jnp.zeros(z.shape[:-1])
        for u, w, b, kept in map(self._layer, range(self.u.shape[1])):
            h = jnp.tanh(jnp.sum(w * z, axis=-1) + b)
            z += u * h[..., None]
            log_det += jnp.log1p(kept * (1 - h**2))
        return z, log_det

    def led_back(self, z: Float[Array, "*lead units"]) -> Moved:
        """Return the points that are moved to `z`, and log |det| of the inverse's Jacobian; `lead` ends with batch.

        A layer changes a point along `u` alone, and by a function of `w.z`, which the layer maps to an increasing
        function of itself: one number is found by bisection.
        """
        log_det = jnp.zeros(z.shape[:-1])
        for u, w, b, kept in map(self._layer, reversed(range(self.u.shape[1]))):
            h = jnp.tanh(_place_before(jnp.sum(w * z, axis=-1), kept, b) + b)
            z -= u * h[..., None]
            log_det -= jnp.log1p(kept * (1 - h**2))
        return z, log_det

    def _layer(self, layer: int) -> tuple[Array, Array, Array, Array]:
        """Return a layer's u, w `[batch, units]`, b and w.u `[batch]`.

        A layer is invertible if `w.u > -1` (appendix A.1): so `u` is moved along `w` until `w.u` is
        `softplus(w.u + c) - 1 + margin`. The `c` leaves 0 at 0: else a layer with a small `w` moved points far.
        """
        u, w = self.u[:, layer], self.w[:, layer]
        along = jnp.sum(w * u, axis=-1)
        kept = softplus(along + math.log(math.expm1(1 - MARGIN))) - 1 + MARGIN
        u += ((kept - along) / jnp.maximum(jnp.sum(w**2, axis=-1), 1e-12))[:, None] * w
        return u, w, self.b[:, layer], kept


def _place_before(
    place: Float[Array, "*lead"], kept: Float[Array, " batch"], b: Float[Array, " batch"]
) -> Float[Array, "*lead"]:
    """Return the `w.z` that a layer moves to `place`; its gradient is that of the implicit function."""

    held = jax.lax.stop_gradient((place, kept, b))

    def halved(_: Int[Array, ""], ends: tuple[Array, Array]) -> tuple[Array, Array]:
        aim, kept, b = held
        middle = (ends[0] + ends[1]) / 2
        below = middle + kept * jnp.tanh(middle + b) < aim
        return jnp.where(below, middle, ends[0]), jnp.where(below, ends[1], middle)

    far = jnp.abs(held[1])
    near = jax.lax.fori_loop(0, HALVINGS, halved, (held[0] - far, held[0] + far))[0]
    # A step of Newton's method, with the slope held fixed, has the gradient of the implicit function.
    h = jnp.tanh(near + b)
    found: Float[Array, "*lead"] = near - (near + kept * h - place) / jax.lax.stop_gradient(1 + kept * (1 - h**2))
    return found


class Planar(nnx.Module):
    """A diagonal normal transformed by planar layers, whose parameters come from the features of the image."""

    @dataclass(frozen=True)
    class Settings:
        """The flow.

        Attributes:
            layers: number of planar layers.
        """

        layers: int = limited(8, low=1, high=1000)

    def __init__(self, settings: Settings, build: Build, key: Key[Array, ""]) -> None:
        init, self.layers = INITIALISERS[build.config.model.init], settings.layers
        self.head = UnitHead(2, build, named(key, "head"))
        self.planes = UnitHead(2 * settings.layers, build, named(key, "planes"))
        self.planes.layer.kernel[...] = 0.1 * self.planes.layer.kernel[...]  # at the start a layer moves little
        self.places = linear(build.features, settings.layers, init, named(key, "places"))

    def __call__(self, features: Float[Array, "batch features"], units: Units) -> PlanarDistribution:
        """Return q(z|x)."""
        base = gaussian_of(self.head(features), units)
        planes = jnp.where(units.mask, jnp.stack(self.planes(features), axis=1), 0.0)
        return PlanarDistribution(base, planes[:, : self.layers], planes[:, self.layers :], self.places(features))
