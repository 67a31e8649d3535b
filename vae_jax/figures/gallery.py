"""The list of figures of a member, in the order of the report, and drawing figures into a folder."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from vae_jax.core.atomic_files import written_atomically
from vae_jax.core.plain_text import reason
from vae_jax.core.registry import Registry
from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.figures import images, losses, spaces
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import TextCanvas

log = logging.getLogger("vae_jax")

# A figure of one member: a caption, and a function that returns None if the figure does not apply.
FIGURES: Registry[tuple[str, Callable[[MemberArrays], Figure | None]]] = Registry(
    "figure",
    {
        "morphs": ("From one test image to another along a straight line in the latent space.", images.morphs),
        "reconstructions": ("Test images above their reconstructions from z = mu.", images.reconstructions),
        "latent_space": ("Codes of the test images in the first two latent dimensions.", spaces.latent_space),
        "pca": ("Principal components of all test codes.", spaces.pca),
        "manifold": ("A grid in the latent space, and the images decoded from it.", spaces.manifold),
        "path": ("A straight line in the latent space, and the images decoded along it.", spaces.path),
        "samples": (
            "New images, decoded from random latents: of a sampler that is fitted to the codes of the training images, "
            "and of the prior. Where they differ, the codes are not spread like the prior, and the decoder has not "
            "learned what lies between them.",
            images.samples,
        ),
        "best_and_worst": ("The test images with the best and the worst reconstructions.", images.best_and_worst),
        "loss_histogram": ("Reconstruction losses of all test images.", losses.loss_histogram),
        "class_sheets": ("Training images.", images.class_sheets),
    },
)
LOSS_CURVES = ("loss_curves", "Losses over the run: points at every logged step, and their moving average.")


def gallery_of(member: MemberArrays) -> dict[str, Callable[[], Figure | None]]:
    """Return a function for each figure of a member, which draws it."""
    return {name: partial(draw, member) for name, (_, draw) in FIGURES.items()}


def draw_figures(drawings: Mapping[str, Callable[[], Figure | None]], folder: Path, suffix: str = "") -> dict[str, str]:
    """Draw figures and write each atomically as `NAME<suffix>.png`: the same bytes for the same figure.

    Args:
        drawings: functions that draw a figure, or return None if it does not apply. If one fails, the others are drawn
            all the same. In both cases an earlier file is removed, so that it is not taken for a new one.
        folder: made if it is missing.
        suffix: of the files' names.

    Returns:
        the names of the figures that failed, and why.

    Raises:
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failed, writing = dict[str, str](), dict[str, Future[None]]()
    with ThreadPoolExecutor() as pool:  # compresses one figure while the next is drawn
        for name, draw in drawings.items():
            try:
                figure = draw()
                pixels = None if figure is None else pixels_of(figure)
            except Exception as error:
                log.debug("%s: not drawn", name, exc_info=True)
                failed[name], figure, pixels = reason(error), None, None
            path = folder / f"{name}{suffix}.png"
            if figure is None or pixels is None:
                path.unlink(missing_ok=True)
            else:
                writing[name] = pool.submit(_write_png, pixels, figure.dpi, path)
    for name, written in writing.items():
        try:
            written.result()
        except OSError:
            raise
        except Exception as error:
            failed[name] = reason(error)
    return failed


@own_settings()
def pixels_of(figure: Figure) -> UInt8[np.ndarray, "rows across 3"]:
    """Lay out a figure and draw it once (`savefig` draws it twice, the first time only for the layout)."""
    canvas: FigureCanvasAgg = TextCanvas(figure)
    if (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _write_png(pixels: UInt8[np.ndarray, "rows across 3"], dpi: float, path: Path) -> None:
    with written_atomically(path) as unfinished:
        # Level 3 takes half the time of the default, for files of the same size.
        Image.fromarray(pixels).save(unfinished, "PNG", dpi=(dpi, dpi), compress_level=3)
