"""Run the notebooks and store what they show: `python -m notebooks.run`, or with some names after it."""

import argparse
import base64
import io
import os
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image, ImageSequence

FOLDER = Path(__file__).parent
REPOSITORY = "vae-jax/vae_jax"  # on GitHub: the one place where its address is changed
COLOURS = 256  # of a stored picture: few enough to be small
INSTALL = f"""\
# In Colab this fetches and installs vae_jax; at home, where it is installed, it does nothing.
import importlib.util
import sys

if "google.colab" in sys.modules and not importlib.util.find_spec("vae_jax"):
    !git clone -q --depth 1 https://github.com/{REPOSITORY}
    %cd -q vae_jax
    %pip install -q -e .[faces]"""


def paths() -> list[Path]:
    """Return all notebooks."""
    return sorted(FOLDER.glob("*.ipynb"))


def badge(path: Path) -> str:
    """Return the link that opens a notebook in Colab."""
    address = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})"


def read(path: Path) -> Any:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def execute(notebook: Any, folder: Path) -> Any:
    """Run a notebook from top to bottom in a fresh kernel; its cells get their outputs.

    Args:
        notebook: as `read` returns it.
        folder: where the kernel starts, and its runs go.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised something.
    """
    client = NotebookClient(
        notebook, timeout=1200, kernel_name="python3", record_timing=False, resources={"metadata": {"path": folder}}
    )
    return client.execute(env=_environment())


def _environment() -> Mapping[str, str]:
    """No raw folder of the user's, and this checkout's package."""
    kept = {name: value for name, value in os.environ.items() if name != "VAE_JAX_RAW"}
    found = os.pathsep.join(filter(None, [str(FOLDER.parent), kept.get("PYTHONPATH")]))
    return kept | {"PYTHONPATH": found}


def store(path: Path) -> None:
    """Give a notebook its badge and its first code cell, run it, and write it with its outputs."""
    notebook = read(path)
    heading, install = notebook.cells[:2]
    heading.source = "\n".join([badge(path), *heading.source.splitlines()[1:]])
    install.source = INSTALL
    with tempfile.TemporaryDirectory() as folder:
        execute(notebook, Path(folder))
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        output.get("data", {}).pop("image/jpeg", None)  # Pillow shows a picture both as PNG and as JPEG
        for kind, smaller in (("image/png", _smaller_picture), ("image/gif", _smaller_animation)):
            if kind in output.get("data", {}):
                output.data[kind] = smaller(output.data[kind])
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


def _smaller_picture(png: str) -> str:
    """Return a picture with few colours."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            file, "PNG", optimize=True
        )
    return base64.b64encode(file.getvalue()).decode()


def _smaller_animation(gif: str) -> str:
    """Return every second frame of an animation, at half its size."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(gif))) as animation:
        half = (animation.width // 2, animation.height // 2)
        frames = [frame.convert("L").resize(half) for frame in islice(ImageSequence.Iterator(animation), 0, None, 2)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=160, loop=0)
    return base64.b64encode(file.getvalue()).decode()


def main() -> None:
    """Store the notebooks that the command line names, or all."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("names", nargs="*", choices=[*(path.stem for path in paths()), []], help="such as 01_first_vae")
    chosen = flags.parse_args().names
    for path in paths():
        if not chosen or path.stem in chosen:
            store(path)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
