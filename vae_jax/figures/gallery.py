"""Which figures there are, in the order a reader sees them, and how they get into the run folder."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from vae_jax.evaluation.portrait import Portrait
from vae_jax.figures import images, losses, spaces

# A figure of one member: a caption, and a function that returns None where the figure does not apply.
FIGURES: Mapping[str, tuple[str, Callable[[Portrait], Figure | None]]] = {
    "morphs": ("From one test image to another: a straight way through the latent space.", images.morphs),
    "reconstructions": ("Test images over their reconstructions from z = mu.", images.reconstructions),
    "latent_space": ("Where the test images lie in the first two latent dimensions.", spaces.latent_space),
    "pca": ("Principal components of all test codes.", spaces.pca),
    "manifold": ("A grid in the latent space and what is decoded on it.", spaces.manifold),
    "path": ("A way through the latent space and what is decoded along it.", spaces.path),
    "samples": ("New images: decoded from the prior.", images.samples),
    "best_and_worst": ("The test images that are reconstructed best and worst.", images.best_and_worst),
    "loss_histogram": ("How well each test image is reconstructed.", losses.loss_histogram),
    "class_sheets": ("What the model learned from.", images.class_sheets),
}
LOSS_CURVES = ("loss_curves", "Losses over the run: points at every logged moment, and their moving average.")


def draw_gallery(portrait: Portrait) -> dict[str, Figure]:
    """Draw every figure that applies to a member."""
    drawn = {name: draw(portrait) for name, (_, draw) in FIGURES.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def save_figures(figures: Mapping[str, Figure], folder: Path, suffix: str = "") -> list[Path]:
    """Write figures as `NAME<suffix>.png`, each whole or not at all, the same bytes for the same figure."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}{suffix}.png" for name in figures]
    with ThreadPoolExecutor() as pool:  # one is compressed while the next is drawn
        pairs = zip(figures.values(), paths, strict=True)
        writing = [pool.submit(_write_png, pixels_of(figure), figure.dpi, path) for figure, path in pairs]
        for each in writing:
            each.result()
    return paths


def pixels_of(figure: Figure) -> UInt8[np.ndarray, "rows across 3"]:
    """Lay a figure out and draw it once (its own `savefig` draws it twice, first for the layout alone)."""
    if (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _write_png(pixels: UInt8[np.ndarray, "rows across 3"], dpi: float, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    # Level 3 takes half the time of the default, and no more bytes.
    Image.fromarray(pixels).save(partial, "PNG", dpi=(dpi, dpi), compress_level=3)
    partial.replace(path)
