"""Faces of people, dogs and mixtures of both, painted from factors by arithmetic on a pixel grid.

The picture spans -1 to 1 in both directions, x to the right and y down. Each part is a shape with a signed distance
whose edge is one pixel soft, so that nothing is jagged, painted over the earlier ones. `species` interpolates between
the geometry of a person and that of a dog.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

Number = Float[Array, "*n"]
Grid = Float[Array, "size size"]
Scalar = Number | float

WAVES = 6  # of the fur's texture
EYE_LEVEL = -0.12  # in the head's own coordinates


class Factors(NamedTuple):
    """The factors of a face; lengths in half picture widths, angles in radians, tones from 0 (black) to 1 (white).

    Attributes:
        species: from 0 (a person) to 1 (a dog).
        x, y, scale, roll: position, size and tilt of the head.
        yaw: how far the face is turned sideways, -1 to 1.
        width: of the head, about 1.
        light_x, light_y: direction of the light, -1 to 1.
        background, backdrop_slope: tone behind the head, and its change from left to right.
        skin, fur, hair, clothes: tones.
        hair_length, hairline: length of the hair, 0 to 1, and its upper edge.
        beard, spectacles: 0 without, 1 with.
        smile: from -1 to 1.
        gaze: sideways direction of the eyes, -1 to 1.
        eye_size: about 1.
        droop: of a dog's ears, 0 (pricked) to 1 (hanging).
        patches, muzzle_tone: how strongly the fur is spotted; how much lighter the muzzle is.
        shag: how rough the fur is.
        texture: phases of the fur's waves, `[..., 6]`.
    """

    species: Number
    x: Number
    y: Number
    scale: Number
    roll: Number
    yaw: Number
    width: Number
    light_x: Number
    light_y: Number
    background: Number
    backdrop_slope: Number
    skin: Number
    fur: Number
    hair: Number
    clothes: Number
    hair_length: Number
    hairline: Number
    beard: Number
    spectacles: Number
    smile: Number
    gaze: Number
    eye_size: Number
    droop: Number
    patches: Number
    muzzle_tone: Number
    shag: Number
    texture: Float[Array, "*n waves"]


class Canvas(NamedTuple):
    """An unfinished picture: coordinates relative to the head, the softness of edges, and the tones so far."""

    x: Grid
    y: Grid
    soft: Number
    tone: Grid

    def inside(self, distance: Grid) -> Grid:
        """Return the share of each pixel inside a shape, from its signed distance."""
        return jnp.clip(0.5 - distance / self.soft, 0, 1)

    def ellipse(self, x: Scalar, y: Scalar, rx: Scalar, ry: Scalar, turn: Scalar = 0.0) -> Grid:
        """Return the share of each pixel inside an ellipse, rotated by `turn`."""
        c, s = jnp.cos(turn), jnp.sin(turn)
        u, v = c * (self.x - x) + s * (self.y - y), c * (self.y - y) - s * (self.x - x)
        return self.inside((jnp.sqrt((u / rx) ** 2 + (v / ry) ** 2 + 1e-9) - 1) * jnp.minimum(rx, ry))

    def over(self, cover: Grid, tone: Grid | Scalar) -> "Canvas":
        """Paint a tone over the picture where `cover` is 1."""
        return self._replace(tone=self.tone + cover * (tone - self.tone))


def _start(f: Factors, size: int) -> Canvas:
    edge = 2 / size
    line = (jnp.arange(size) + 0.5) * edge - 1
    px, py = jnp.meshgrid(line, line)
    c, s = jnp.cos(f.roll), jnp.sin(f.roll)
    x = (c * (px - f.x) + s * (py - f.y)) / f.scale
    y = (c * (py - f.y) - s * (px - f.x)) / f.scale
    return Canvas(x, y, 1.2 * edge / f.scale, f.background + f.backdrop_slope * px)


def _mix(f: Factors, person: Grid | Scalar, dog: Grid | Scalar) -> Grid | Number:
    return person + f.species * (dog - person)


def _person(f: Factors) -> Number:
    """Return the visibility of what only people have: 0 for a dog."""
    return jnp.clip(1 - 1.15 * f.species, 0, 1)


def _fur(f: Factors, canvas: Canvas) -> Grid:
    """Return the tone of the coat over the head: patches of low frequency, strands of high frequency."""
    waves = jnp.arange(1, WAVES + 1)
    angle = 2.4 * waves[:, None, None] + f.texture[:, None, None]
    along = jnp.cos(angle) * canvas.x + jnp.sin(angle) * canvas.y
    slow = jnp.sum(jnp.sin(3.1 * along + 5 * f.texture[:, None, None]), axis=0) / 2
    fast = jnp.sum(jnp.sin((13 + 3 * waves[:, None, None]) * along + 9 * f.texture[:, None, None]), axis=0) / 3
    patch = jnp.clip(0.5 + 2 * (slow - 0.5), 0, 1)
    other = jnp.where(f.fur > 0.5, f.fur - 0.45, f.fur + 0.45)
    return f.fur + f.patches * patch * (other - f.fur) + f.shag * fast


def _behind_the_head(canvas: Canvas, f: Factors) -> Canvas:
    neck = _mix(f, 0.34, 0.46)
    canvas = canvas.over(canvas.ellipse(0.0, 1.35, _mix(f, 0.95, 0.8), 0.62), _mix(f, f.clothes, f.fur * 0.85))
    canvas = canvas.over(canvas.ellipse(0.0, 0.75, neck, 0.45), _mix(f, f.skin * 0.78, f.fur * 0.8))
    fall = -0.1 + 1.1 * f.hair_length
    locks = canvas.ellipse(0.0, 0.15, 0.74 * f.width, 1.0) * canvas.inside(canvas.y - fall + 0.15 * canvas.x**2)
    locks = locks * (1 - canvas.ellipse(0.0, 0.9, 0.3, 0.5))
    return canvas.over(locks * _person(f) * jnp.clip(6 * f.hair_length - 2, 0, 1), f.hair * 0.85)


def _ears(canvas: Canvas, f: Factors, coat: Grid) -> Canvas:
    for side in (-1.0, 1.0):
        dog_x, dog_y = 0.43 + 0.22 * f.droop, -0.66 + 0.62 * f.droop
        x = side * _mix(f, 0.63, dog_x) * f.width - 0.08 * f.yaw
        y = _mix(f, 0.02, dog_y)
        rx, ry = _mix(f, 0.09, 0.17 + 0.02 * f.droop), _mix(f, 0.17, 0.36 + 0.04 * f.droop)
        turn = side * _mix(f, 0.1, 0.35 - 0.5 * f.droop)
        tone = _mix(f, f.skin * 0.88, 0.82 * coat)
        canvas = canvas.over(canvas.ellipse(x, y, rx, ry, turn), tone)
        inner = canvas.ellipse(x, y + 0.04, 0.5 * rx, 0.6 * ry, turn) * (1 - f.droop * f.species)
        canvas = canvas.over(0.5 * inner, _mix(f, f.skin * 0.7, 0.35 + 0.4 * f.fur))
    return canvas


def _head(canvas: Canvas, f: Factors, coat: Grid) -> Canvas:
    rx, ry = _mix(f, 0.6, 0.58) * f.width, _mix(f, 0.79, 0.68)
    head = canvas.ellipse(0.0, 0.0, rx, ry)
    jaw = canvas.ellipse(0.12 * f.yaw, 0.36, _mix(f, 0.42, 0.4) * f.width, _mix(f, 0.46, 0.44))
    cover = jnp.maximum(head, jaw)
    round_edge = jnp.clip((canvas.x / rx) ** 2 + (canvas.y / 0.85) ** 2, 0, 1.5)
    light = 1 + 0.22 * (f.light_x * canvas.x + f.light_y * canvas.y) - 0.16 * round_edge**2
    shadow = jnp.clip((canvas.y - 0.3) * 2.4, 0, 1) * f.beard * _person(f)
    tone = _mix(f, f.skin - shadow * (f.skin - 0.85 * f.hair), coat)
    return canvas.over(cover, tone * light)


def _hair(canvas: Canvas, f: Factors) -> Canvas:
    cap = canvas.ellipse(0.0, -0.12, 0.66 * f.width, 0.74)
    parting = 0.35 * jnp.sin(f.texture[1])
    arch = f.hairline + (0.7 + 0.8 * f.hair_length) * (canvas.x - 0.12 * f.yaw) ** 2 + parting * canvas.x
    strands = 0.025 * jnp.sin(34 * canvas.x + 9 * canvas.y + f.texture[0])
    gleam = 0.1 * f.light_x * canvas.x - 0.1 * (canvas.y + 0.5)
    cover = cap * canvas.inside(canvas.y - arch) * _person(f) * jnp.clip(4 * f.hair_length, 0, 1)
    return canvas.over(cover, f.hair + strands + gleam)


def _muzzle(canvas: Canvas, f: Factors, coat: Grid) -> Canvas:
    dog, turn = f.species, 0.2 * f.yaw
    lighter = jnp.clip(coat + f.muzzle_tone, 0.08, 0.97)
    blaze = canvas.ellipse(0.5 * turn, -0.2, 0.1, 0.5) * jnp.clip(2 * f.muzzle_tone, 0, 1)
    canvas = canvas.over(0.7 * blaze * dog, lighter)
    canvas = canvas.over(canvas.ellipse(turn, 0.36, 0.31, 0.3) * dog, lighter)
    shade = canvas.ellipse(turn, 0.22, _mix(f, 0.1, 0.22), _mix(f, 0.16, 0.1))
    canvas = canvas.over(shade * 0.18, 0.0)
    leather = canvas.ellipse(turn, _mix(f, 0.25, 0.2), _mix(f, 0.085, 0.145), _mix(f, 0.035, 0.1))
    canvas = canvas.over(leather * _mix(f, 0.5, 1.0), _mix(f, 0.45 * f.skin, 0.07))
    gleam = canvas.ellipse(turn - 0.04, 0.16, 0.045, 0.022)
    return canvas.over(0.5 * gleam * dog, 0.75)


def _mouth(canvas: Canvas, f: Factors) -> Canvas:
    turn = _mix(f, 0.1, 0.2) * f.yaw
    across = canvas.x - turn
    bend = _mix(f, 1.6, 1.2) * f.smile * (across**2 - 0.04)
    middle = _mix(f, 0.5, 0.45) - bend - 0.18 * f.species * jnp.abs(across)
    thick = _mix(f, 0.035, 0.022) + 0.025 * jnp.clip(f.smile, 0, 1)
    reach = _mix(f, 0.2, 0.25) + 0.04 * f.smile
    line = canvas.inside(jnp.abs(canvas.y - middle) - thick) * canvas.inside(jnp.abs(across) - reach)
    canvas = canvas.over(0.85 * line, _mix(f, 0.35 * f.skin, 0.1))
    teeth = canvas.inside(jnp.abs(canvas.y - middle) - 0.5 * thick) * canvas.inside(jnp.abs(across) - 0.7 * reach)
    canvas = canvas.over(teeth * jnp.clip(2 * f.smile - 0.6, 0, 1) * _person(f), 0.93)
    philtrum = canvas.inside(jnp.abs(across) - 0.014) * canvas.inside(jnp.abs(canvas.y - 0.35) - 0.09)
    canvas = canvas.over(0.8 * philtrum * f.species, 0.1)
    tongue = canvas.ellipse(turn, 0.6, 0.11, 0.14) * f.species * jnp.clip(3 * f.smile - 1.2, 0, 1)
    return canvas.over(tongue, 0.62)


def _eyes(canvas: Canvas, f: Factors) -> Canvas:
    y = EYE_LEVEL
    for side in (-1.0, 1.0):
        x = side * 0.27 * f.width + 0.12 * f.yaw
        socket = canvas.ellipse(x, y, 0.17, 0.13)
        canvas = canvas.over(0.18 * socket, 0.0)
        rx, ry = _mix(f, 0.125, 0.1) * f.eye_size, _mix(f, 0.068, 0.09) * f.eye_size
        canvas = canvas.over(canvas.ellipse(x, y, rx, ry), _mix(f, 0.93, 0.12))
        iris = canvas.ellipse(x + 0.04 * f.gaze, y, 0.062 * f.eye_size, _mix(f, 0.066, 0.075) * f.eye_size)
        canvas = canvas.over(iris, _mix(f, 0.16, 0.05))
        canvas = canvas.over(canvas.ellipse(x + 0.02 + 0.03 * f.gaze, y - 0.03, 0.024, 0.024), 0.95)
        brow = canvas.ellipse(x, y - 0.17 - 0.02 * f.smile, 0.16, 0.03, side * 0.12)
        canvas = canvas.over(brow * _mix(f, 0.85, 0.25), _mix(f, 0.8 * f.hair, 0.5))
        ring = jnp.sqrt((canvas.x - x) ** 2 + (canvas.y - y) ** 2 + 1e-9) - 0.19
        canvas = canvas.over(0.15 * f.spectacles * canvas.inside(ring), 1.0)
        canvas = canvas.over(f.spectacles * canvas.inside(jnp.abs(ring) - 0.022), 0.06)
    bridge = canvas.inside(jnp.abs(canvas.y - y) - 0.02) * canvas.inside(jnp.abs(canvas.x - 0.12 * f.yaw) - 0.1)
    return canvas.over(f.spectacles * bridge, 0.06)


def _paint_one(f: Factors, size: int) -> UInt8[Array, "size size"]:
    """Paint one face from scalar factors."""
    canvas = _behind_the_head(_start(f, size), f)
    coat = _fur(f, canvas)
    canvas = _head(_ears(canvas, f, coat), f, coat)
    canvas = _mouth(_muzzle(_hair(canvas, f), f, coat), f)
    canvas = _eyes(canvas, f)
    return jnp.round(255 * jnp.clip(canvas.tone, 0, 1)).astype(jnp.uint8)


@partial(jax.jit, static_argnums=1)
def paint(factors: Factors, size: int) -> UInt8[Array, "n size size 1"]:
    """Paint faces.

    Args:
        factors: each `[n]`.
        size: height and width, in pixels.
    """
    faces: UInt8[Array, "n size size"] = jax.lax.map(lambda f: _paint_one(f, size), factors, batch_size=16)
    return faces[..., None]
