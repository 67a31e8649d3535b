"""The contact sheet: photographs before and after preparation."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vae_jax.core.errors import UnusablePictureError
from vae_jax.core.plain_text import escaped
from vae_jax.data.faces.alignment import Face, to_pillow
from vae_jax.data.faces.photographs.photo import Photo
from vae_jax.data.formats.picture_files import read_picture

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

ROWS, COLUMNS, CELL, GAP = 3, 6, 150, 6  # of each class and layout; sides in pixels
MOST_GROUPS = 12  # groups (of class and layout) that are drawn


def draw_contact_sheet(photos: Sequence[Photo], faces: Callable[[int], Face], path: Path) -> None:
    """Draw some photographs of every class and layout, each above its image.

    Args:
        photos: those that were kept.
        faces: returns the image of each photograph by its index.
        path: of the PNG.
    """
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    groups: dict[str, list[int]] = {}
    for k, photo in enumerate(photos):
        groups.setdefault(f"{photo.class_name}: {photo.layout}", []).append(k)
    groups = dict(list(groups.items())[:MOST_GROUPS])
    rows = [(name, numbers) for name, all_of in groups.items() for numbers in _spread(all_of)]
    height = GAP + len(groups) * 24 + sum(2 * (CELL + GAP) + GAP for _ in rows)
    sheet = Image.new("RGB", (GAP + COLUMNS * (CELL + GAP), height), "white")
    font = ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 14)
    draw, top, last = ImageDraw.Draw(sheet), GAP, ""
    for name, numbers in rows:
        if name != last:
            draw.text(
                (GAP, top), _heading(name, f", {len(groups[name]):,} kept", font, sheet.width - 2 * GAP), "black", font
            )
            top, last = top + 24, name
        for column, k in enumerate(numbers):
            left = GAP + column * (CELL + GAP)
            # A photograph that was removed since it was prepared leaves a white cell.
            with suppress(UnusablePictureError), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's warnings of large or odd files
                before = to_pillow(read_picture(photos[k].path, colour=True))
                sheet.paste(ImageOps.pad(before, (CELL, CELL), color="white"), (left, top))
            after = to_pillow(faces(k)).convert("RGB")
            sheet.paste(after.resize((CELL, CELL), Image.Resampling.NEAREST), (left, top + CELL + GAP))
        top += 2 * (CELL + GAP) + GAP
    sheet.save(path)


def _heading(name: str, more: str, font: "FreeTypeFont", width: int) -> str:
    """Return a line that fits into a width: long names are shortened, and letters that the font lacks are escaped."""
    missing = font.getmask("\U0010fffe")  # no character
    name = "".join(c if bytes(font.getmask(c)) != bytes(missing) else escaped(c) for c in name)
    while len(name) > 1 and font.getlength(name + more) > width:
        name = name.removesuffix("…")[:-1] + "…"
    return name + more


def _spread(numbers: Sequence[int]) -> list[list[int]]:
    """Choose evenly spaced numbers, in rows."""
    count = min(len(numbers), ROWS * COLUMNS)
    chosen = [numbers[k * len(numbers) // count] for k in range(count)]
    return [chosen[k : k + COLUMNS] for k in range(0, count, COLUMNS)]
