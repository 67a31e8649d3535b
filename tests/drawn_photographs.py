"""Photographs that the tests draw, laid out as the published sets are."""

import numpy as np
from PIL import Image

from vae_jax.data.faces.photographs.landmark_table import COLUMNS

HEADER = ",".join(("file", *COLUMNS))
EYES = (45.0, 50.0, 95.0, 55.0, 70.0, 80.0)  # left, right, nose


def draw_photograph(path, number, points=()):
    """A light photograph, no two alike, with dark discs at the points."""
    noise = np.random.default_rng(number)
    y, x = np.mgrid[:120, :140]
    a, b, c = noise.uniform(-0.2, 0.2, 3)
    picture = 205 + 30 * np.sin(a * x + b * y + 30 * c) + noise.normal(0, 4, x.shape)
    for px, py in np.reshape(points, (-1, 2)):
        picture[(x - px) ** 2 + (y - py) ** 2 < 36] = 20
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path, "JPEG", quality=95)


def blank(path, size, kind="JPEG"):
    """A picture of which only the size matters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, 128).save(path, kind)
    return path


def write_table(raw, rows, header=HEADER):
    (raw / "dogs").mkdir(parents=True, exist_ok=True)
    lines = [header, *(row if isinstance(row, str) else ",".join(map(str, row)) for row in rows)]
    (raw / "dogs" / "landmarks.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw_people(raw, n):
    for k in range(n):
        draw_photograph(raw / "utkface" / "UTKFace" / f"{k}_0_0_2017.jpg.chip.jpg", k)


def draw_dogs(raw, n, more=()):
    rows = []
    for k in range(n):
        points = np.add(EYES, [5 * (k % 4), 4 * (k % 3)] * 3)
        draw_photograph(raw / "dogs" / "images" / f"{k}.jpg", 1000 + k, points)
        rows.append((f"images/{k}.jpg", *points))
    write_table(raw, [*rows, *more])
