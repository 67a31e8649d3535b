"""Before and after, side by side: the photographs as they came and the images that they became."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.faces.alignment import Face
from vae_jax.data.faces.photographs.photo import Photo
from vae_jax.data.formats.picture_files import read_picture

ROWS, COLUMNS, CELL, GAP = 3, 6, 150, 6  # of each class and layout; sides in pixels
MOST_GROUPS = 12  # of class and layout that are drawn


def draw_contact_sheet(photos: Sequence[Photo], faces: Callable[[int], Face], path: Path) -> None:
    """Draw some photographs of every class and layout above the images that they became.

    Args:
        photos: those that were kept.
        faces: gives the image that became of each, by its place.
        path: of the PNG.
    """
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    groups: dict[str, list[int]] = {}
    for k, photo in enumerate(photos):
        groups.setdefault(f"{photo.class_name}: {photo.layout}", []).append(k)
    groups = dict(list(groups.items())[:MOST_GROUPS])
    rows = [(name, numbers) for name, all_of in groups.items() for numbers in _spread(all_of)]
    height = GAP + len(groups) * 24 + sum(2 * (CELL + GAP) + GAP for _ in rows)
    sheet = Image.new("RGB", (GAP + COLUMNS * (CELL + GAP), height), "white")
    draw, font, top, last = ImageDraw.Draw(sheet), ImageFont.load_default(15), GAP, ""
    for name, numbers in rows:
        if name != last:
            draw.text((GAP, top), f"{name}, {len(groups[name]):,} kept", "black", font)
            top, last = top + 24, name
        for column, k in enumerate(numbers):
            left = GAP + column * (CELL + GAP)
            # It was there a moment ago: if it no longer is, the place stays white.
            with suppress(UnusablePictureError), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's own doubts about large or odd files
                before = Image.fromarray(read_picture(photos[k].path, colour=True))
                sheet.paste(ImageOps.pad(before, (CELL, CELL), color="white"), (left, top))
            face = faces(k)
            after = Image.fromarray(face if face.shape[2] == 3 else face[..., 0]).convert("RGB")
            sheet.paste(after.resize((CELL, CELL), Image.Resampling.NEAREST), (left, top + CELL + GAP))
        top += 2 * (CELL + GAP) + GAP
    sheet.save(path)


def _spread(numbers: Sequence[int]) -> list[list[int]]:
    """Choose rows of numbers from the whole range."""
    count = min(len(numbers), ROWS * COLUMNS)
    chosen = [numbers[k * len(numbers) // count] for k in range(count)]
    return [chosen[k : k + COLUMNS] for k in range(0, count, COLUMNS)]
