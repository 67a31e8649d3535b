"""Draw sample photographs: `python -m vae_jax.data.draw_photographs --out=FOLDER --count=12`."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np

from vae_jax.core.commands import Flags, exit_status
from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import from_home
from vae_jax.data.faces.face_painter import paint
from vae_jax.data.faces.photographs.landmark_table import COLUMNS, TABLE
from vae_jax.data.sources.drawn_faces import CLASSES, class_counts, draw_factors, draw_species, landmarks


def draw_photographs(folder: Path, count: int, size: int = 256, seed: int = 0) -> None:
    """Write drawn faces as `images/*.png`, with a `landmarks.csv` that also has a column `class`.

    Args:
        folder: a new or empty folder.
        count: number of pictures.
        size: their height and width, in pixels.
        seed: of the faces, which differ from those of the data set `drawn_faces`.

    Raises:
        UserError: the folder is not empty, or can't be written.
    """
    from PIL import Image

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: is not an empty folder; use another --out")
    labels = np.repeat(np.arange(len(CLASSES)), class_counts(count))
    key = jax.random.key(seed)
    factors = draw_factors(key, draw_species(key, labels))
    pictures, points = np.asarray(paint(factors, size)), size * landmarks(factors)
    rows: list[Sequence[object]] = [("file", *COLUMNS, "class")]
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for k, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            file = f"images/{CLASSES[label]}_{k:0{len(str(count - 1))}}.png"
            Image.fromarray(picture[..., 0]).save(folder / file)
            rows.append((file, *(f"{number:.2f}" for number in points[k].ravel()), CLASSES[label]))
        with (folder / TABLE).open("w", newline="", encoding="utf-8") as table:
            csv.writer(table, lineterminator="\n").writerows(rows)
    except OSError as error:
        raise UserError(f"{folder}: can't be written ({error.strerror}); use another --out") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    flags = Flags("python -m vae_jax.data.draw_photographs", "Draw faces of people, dogs and between as PNG files.")
    flags.add_argument("--out", type=from_home, required=True, metavar="FOLDER", help="an empty or new folder")
    flags.add_argument("--count", type=int, default=12, help="number of pictures (default 12)")
    flags.add_argument("--size", type=int, default=256, help="height and width in pixels (default 256)")
    flags.add_argument("--seed", type=int, default=0, help="seed of the faces (default 0)")

    def work() -> None:
        given = flags.parse_args(argv)
        for name, low, high in (("count", 1, 100_000), ("size", 16, 2048), ("seed", 0, 2**32 - 1)):
            if not low <= getattr(given, name) <= high:
                raise UserError(f"--{name}: found {getattr(given, name)}; needs {low} to {high:,}")
        draw_photographs(given.out, given.count, given.size, given.seed)
        print(f"{given.out}: {given.count} pictures, with their landmarks in {TABLE}")

    return exit_status(work)


if __name__ == "__main__":
    sys.exit(main())
