"""Figures do not depend on a user's matplotlib settings, and leave them unchanged."""

import os
import subprocess
import sys
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from pkgutil import iter_modules
from typing import get_type_hints

import matplotlib
import numpy as np
import pytest
from figures.test_morphs import morph, reference
from figures.test_sweep_table import SWEEPS
from invented_arrays import member_arrays
from matplotlib.figure import Figure

import vae_jax.figures
from vae_jax.figures.gallery import FIGURES, draw_figures, gallery_of, pixels_of
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.panels import Panel

# As a matplotlibrc may have them.
THEIRS = {
    "image.origin": "lower",
    "image.cmap": "jet",
    "image.interpolation": "bilinear",
    "text.usetex": True,
    "text.color": "red",
    "font.size": 25,
    "font.family": ["serif"],
    "axes.facecolor": "black",
    "axes.grid": True,
    "axes.xmargin": 0.4,
    "xtick.labelbottom": False,
    "legend.fontsize": 30,
    "figure.constrained_layout.use": False,
    "figure.dpi": 30,
    "savefig.bbox": "tight",
    "savefig.transparent": True,
    "lines.linewidth": 9,
    "hist.bins": 3,
}
TWO = [member_arrays(title=f"data · 2 latent · beta_KL {k} · seed 0") for k in range(2)]
ROWS = [{"x": k, "y": k, "by": "_a"} for k in (1.0, 100.0)]
ARGUMENTS = {
    **{
        f"{draw.__module__.rpartition('.')[2]}.{draw.__name__}": (member_arrays(latent=3),)
        for _, draw in FIGURES.values()
    },
    "cover.cover": ([morph()], reference()),
    "losses.loss_curves": ([], "title", ""),
    "panels.panels": ([Panel(ROWS, "x", "y", "by", log="xy")], "title"),
    "morphs.losses": ([morph()], reference()),
    "morphs.reconstruction": (morph(), reference()),
    "morphs.strip": (morph(), reference()),
    "images.sheets_of": ({"new images": member_arrays().samples}, "title", ""),
    "side_by_side.latent_spaces": (TWO, ""),
    "side_by_side.strips": (TWO, ""),
    **{
        f"sweep_table.{name}": (SWEEPS["betas and sizes"],)
        for name in ("heat_map", "metrics_by_field", "rate_distortion")
    },
}


def drawing_functions():
    """Every public function of the package that makes a figure, by module and name."""
    modules = [import_module(f"vae_jax.figures.{each.name}") for each in iter_modules(vae_jax.figures.__path__)]
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": function
        for module in modules
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and get_type_hints(function).get("return") in (Figure, Figure | None)
        and name not in ("new_figure", "finish")  # parts of the others
    }


@pytest.mark.parametrize("name", drawing_functions())
def test_every_figure_is_independent_of_the_users_settings(name):
    with matplotlib.rc_context(THEIRS):
        before = dict(matplotlib.rcParams)
        figure = drawing_functions()[name](*ARGUMENTS[name])
        assert dict(matplotlib.rcParams) == before
    with own_settings():  # ticks are made when they are asked for
        texts = figure.findobj(matplotlib.text.Text)
    assert not any(text.get_usetex() or text.get_parse_math() for text in texts)
    assert all(axes.get_facecolor() == (1, 1, 1, 1) for axes in figure.axes)
    assert {image.origin for axes in figure.axes for image in axes.images} <= {"upper"}


@pytest.mark.parametrize("name", ["reconstructions", "latent_space"])
def test_what_is_drawn_does_not_depend_on_the_users_settings(name):
    draw = gallery_of(member_arrays(n=20))[name]
    usual = pixels_of(draw())
    with matplotlib.rc_context(THEIRS):
        before = dict(matplotlib.rcParams)
        np.testing.assert_array_equal(pixels_of(draw()), usual)
        assert dict(matplotlib.rcParams) == before


def test_the_settings_are_restored_after_an_error():
    with matplotlib.rc_context(THEIRS):
        before = dict(matplotlib.rcParams)
        with pytest.raises(RuntimeError), own_settings():
            raise RuntimeError
        assert dict(matplotlib.rcParams) == before


def python(code, **variables):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code]
    env = os.environ | {"PYTHONPATH": str(root)} | variables
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_missing_backend_is_ignored_and_an_installed_one_stays_selected(tmp_path):
    code = (
        "import numpy as np, os, vae_jax; vae_jax.sheet(np.zeros((1, 2, 2, 1), np.uint8));"
        "import matplotlib; print(os.environ['MPLBACKEND'], matplotlib.rcParams['backend'])"
    )
    there, missing = (python(code, MPLBACKEND=backend) for backend in ("svg", "nowhere"))
    assert there.stdout.split() == ["svg", "svg"], there.stderr
    assert missing.stdout.split()[0] == "nowhere", missing.stderr


@pytest.mark.slow
def test_a_run_is_drawn_alike_under_any_matplotlibrc(tmp_path):
    (tmp_path / "matplotlibrc").write_text(
        "".join(f"{name}: {value if not isinstance(value, list) else value[0]}\n" for name, value in THEIRS.items())
    )
    code = (
        "import sys; sys.path.append('tests'); from invented_arrays import member_arrays; from pathlib import Path;"
        "from vae_jax.figures.gallery import draw_figures, gallery_of;"
        "print(draw_figures(gallery_of(member_arrays(latent=3)), Path(sys.argv[1])))"
    )
    done = python(code.replace("sys.argv[1]", repr(str(tmp_path / "theirs"))), MATPLOTLIBRC=str(tmp_path))
    assert done.stdout.strip() == "{}", done.stderr
    draw_figures(gallery_of(member_arrays(latent=3)), tmp_path / "ours")
    for path in (tmp_path / "ours").iterdir():
        assert path.read_bytes() == (tmp_path / "theirs" / path.name).read_bytes(), path.name
