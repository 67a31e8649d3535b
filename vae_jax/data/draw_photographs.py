"""Draw pictures to try things with: `python -m vae_jax.data.draw_photographs --out=FOLDER --count=12`."""

import csv
import io
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
    """Write pictures of drawn faces as `images/*.png`, with a `landmarks.csv` that also has a column `class`.

    Args:
        folder: where to; made if it is not there.
        count: how many pictures.
        size: their height and width, in pixels.
        seed: of all chance; none of the faces is one of the data set `drawn_faces`.

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
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        (folder / TABLE).write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: can't be written ({error.strerror}); use another --out") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    flags = Flags("python -m vae_jax.data.draw_photographs", "Draw faces of people, dogs and between as PNG files.")
    flags.add_argument("--out", type=from_home, required=True, metavar="FOLDER", help="an empty or a new folder")
    flags.add_argument("--count", type=int, default=12, help="how many pictures (default 12)")
    flags.add_argument("--size", type=int, default=256, help="pixels of a side (default 256)")
    flags.add_argument("--seed", type=int, default=0, help="other seeds, other faces (default 0)")

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
