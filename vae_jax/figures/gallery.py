"""Which figures there are, in the order a reader sees them, and how they get into the run folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

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
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}{suffix}.png"
        partial = folder / f".{path.name}.partial"
        # Level 3 takes half the time of the default, and no more bytes.
        figure.savefig(partial, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 3})
        partial.replace(path)
        paths.append(path)
    return paths
