"""Drawn faces of people, dogs and mixtures of both, painted by the package itself: data without a download."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from vae_jax.config.schema import DataConfig
from vae_jax.core.progress import Progress
from vae_jax.core.random_keys import named
from vae_jax.data.dataset import Dataset, split_by_content
from vae_jax.data.faces.alignment import Template
from vae_jax.data.faces.face_painter import EYE_LEVEL, WAVES, Factors, paint

CLASSES = ("people", "dogs", "between")
SHARES = (0.45, 0.45, 0.10)
SEED = 2026  # of the faces, which are the same in every run
# Eyes and nose of a face in the average pose.
TEMPLATE: Template = ((0.384, 0.463), (0.616, 0.463), (0.5, 0.612))


def draw_factors(key: Key[Array, ""], species: Float[Array, " n"]) -> Factors:
    """Draw the factors of faces.

    Args:
        key: for all factors; each has its own use of it.
        species: of each face, from 0 (a person) to 1 (a dog).

    Returns:
        factors, each `[n]`.
    """
    n = len(species)

    def uniform(use: str, low: float, high: float) -> Float[Array, " n"]:
        return jax.random.uniform(named(key, use), (n,), minval=low, maxval=high)

    def normal(use: str, scale: float) -> Float[Array, " n"]:
        return scale * jax.random.truncated_normal(named(key, use), -2.5, 2.5, (n,))

    def sometimes(use: str, share: float) -> Float[Array, " n"]:
        return (uniform(use, 0, 1) < share).astype(jnp.float32)

    return Factors(
        species=species,
        x=normal("x", 0.05),
        y=normal("y", 0.05) + 0.03,
        scale=0.86 + normal("scale", 0.05),
        roll=normal("roll", 0.1),
        yaw=normal("yaw", 0.4),
        width=1 + normal("width", 0.07),
        light_x=uniform("light_x", -1, 1),
        light_y=uniform("light_y", -1, 0.3),
        background=uniform("background", 0.15, 0.95),
        backdrop_slope=normal("slope", 0.1),
        skin=uniform("skin", 0.42, 0.9),
        fur=uniform("fur", 0.14, 0.92),
        hair=uniform("hair", 0.04, 0.75) ** 1.3,
        clothes=uniform("clothes", 0.05, 0.95),
        hair_length=uniform("hair_length", 0, 1),
        hairline=uniform("hairline", -0.58, -0.4),
        beard=sometimes("beard", 0.2) * uniform("beard_fullness", 0.4, 1),
        spectacles=sometimes("spectacles", 0.15) * (1 - 0.8 * species),
        smile=0.25 + normal("smile", 0.4),
        gaze=normal("gaze", 0.4),
        eye_size=1 + normal("eye_size", 0.12),
        droop=uniform("droop", 0, 1),
        patches=sometimes("patches", 0.5) * uniform("patch_strength", 0.4, 1),
        muzzle_tone=uniform("muzzle_tone", -0.15, 0.45),
        shag=uniform("shag", 0.01, 0.09),
        texture=jax.random.uniform(named(key, "texture"), (n, WAVES), maxval=2 * jnp.pi),
    )


def draw_species(key: Key[Array, ""], labels: np.ndarray) -> Float[Array, " n"]:
    """Draw the species of each face: people below 0.12, dogs above 0.88, the third class between."""
    low, high = np.array([0.0, 0.88, 0.12])[labels], np.array([0.12, 1.0, 0.88])[labels]
    return jax.random.uniform(named(key, "species"), (len(labels),), minval=jnp.asarray(low), maxval=jnp.asarray(high))


def known_factors(config: DataConfig) -> tuple[np.ndarray, Factors]:
    """Return the labels and factors of the faces of a config, in their order."""
    labels = np.repeat(np.arange(3, dtype=np.int32), class_counts(config.drawn))
    key = jax.random.key(SEED)
    return labels, draw_factors(key, draw_species(key, labels))


def landmarks(factors: Factors) -> Float[np.ndarray, "n 3 2"]:
    """Return the left eye, the right eye and the nose of each face: x, y in widths and heights of the picture."""
    f = jax.tree.map(np.asarray, factors)
    eye, turn, level = 0.27 * f.width, 0.12 * f.yaw, np.full_like(f.yaw, EYE_LEVEL)
    x = np.stack([turn - eye, turn + eye, 0.2 * f.yaw], axis=-1)
    y = np.stack([level, level, 0.25 - 0.05 * f.species], axis=-1)
    c, s, scale = (each[:, None] for each in (np.cos(f.roll), np.sin(f.roll), f.scale))
    across, down = f.x[:, None] + scale * (c * x - s * y), f.y[:, None] + scale * (s * x + c * y)
    return (np.stack([across, down], axis=-1) + 1) / 2


def class_counts(total: int) -> list[int]:
    """Return the number of faces of each class."""
    people, dogs = (round(share * total) for share in SHARES[:2])
    return [people, dogs, total - people - dogs]


def load(config: DataConfig) -> Dataset:
    """Paint `config.drawn` faces of `config.image_size` pixels."""
    with Progress(f"drawing {config.drawn:,} faces"):
        labels, factors = known_factors(config)
        images = np.asarray(paint(factors, config.image_size))
    train, test = split_by_content(images, labels, config.test_fraction)
    source = "faces drawn by vae_jax itself, no photographs"
    return Dataset("drawn_faces", source, train, test, CLASSES, template=TEMPLATE)
