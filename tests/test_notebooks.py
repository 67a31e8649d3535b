"""The notebooks: each runs from top to bottom, and its stored outputs are complete, small and not personal."""

import ast
import base64
import io
import re
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image

from notebooks import run

SMALL = {
    "01_first_vae": {"epochs": 2},
    "02_dogpeople": {"drawn": 200, "epochs": 1, "frames": 3},
    "03_sweeps": {"epochs": 2, "seeds": 1},
    "04_your_own_images": {"image_size": 12, "epochs": 2},
    "05_your_own_part": {"epochs": 2},
}
OF_A_MACHINE = re.compile(r"/(home|root|tmp|work|Users|usr|opt)/|[A-Z]:\\|pypi|pythonhosted|index-url")
each_notebook = pytest.mark.parametrize("path", run.paths(), ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in run.read(path).cells if cell.cell_type == "code"]


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def shows_something(cell):
    """Whether a cell ends with an expression, whose value a notebook shows."""
    plain = "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in cell.source.splitlines())
    last = ast.parse(plain).body[-1]
    return isinstance(last, ast.Expr) and not plain.rstrip().endswith(";")


def kinds(cell):
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def with_parameters(notebook, values):
    """Set values after the cell that is tagged `parameters`, which sets each of them."""
    [at] = [k for k, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    assert all(f"{name} =" in notebook.cells[at].source for name in values)
    lines = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(lines))
    return notebook


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_it_runs_from_top_to_bottom_in_a_fresh_kernel(name, tmp_path):
    notebook = with_parameters(run.read(run.FOLDER / f"{name}.ipynb"), SMALL[name])
    done = run.execute(notebook, tmp_path)
    shown = [cell for cell in done.cells if cell.cell_type == "code" and shows_something(cell)]
    assert all(kinds(cell) for cell in shown)
    assert {path.name for path in tmp_path.iterdir()} <= {"runs", "data", "friends", "morphs", "pictures"}


def test_all_notebooks_are_tested():
    assert [path.stem for path in run.paths()] == list(SMALL)


PICTURES = """
from PIL import Image
frames = [Image.linear_gradient("L").rotate(90 * k).convert("RGB") for k in range(4)]
for k, frame in enumerate(frames):
    frame.putpixel((0, 0), (250, 10 * k, 10))
frames[0].save("turning.gif", save_all=True, append_images=frames[1:], duration=80)
display(frames[1])
display({"image/gif": __import__("base64").b64encode(open("turning.gif", "rb").read()).decode()}, raw=True)
"""


def test_a_notebook_is_stored_with_its_badge_its_first_cell_and_small_pictures(tmp_path):
    path, v4 = tmp_path / "05_mine.ipynb", nbformat.v4
    cells = [v4.new_markdown_cell("old badge\n# Mine"), v4.new_code_cell("old"), v4.new_code_cell(PICTURES)]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"of_a_machine": "here"}), path)
    run.store(path)
    assert run.read(path).cells[0].source.splitlines() == [run.badge(path), "# Mine"]
    assert [cell.source for cell in code_cells(path)] == [run.INSTALL, PICTURES]
    assert set(run.read(path).metadata) == {"kernelspec", "language_info"}
    shown, turning = (output.data for output in outputs(path))
    assert set(shown) == {"text/plain", "image/png"}
    with Image.open(io.BytesIO(base64.b64decode(shown["image/png"]))) as picture:
        assert (picture.size, picture.mode) == ((256, 256), "P")
        assert picture.convert("RGB").getpixel((0, 0)) == (250, 10, 10)
    with Image.open(io.BytesIO(base64.b64decode(turning["image/gif"]))) as animation:
        assert (animation.size, animation.n_frames, animation.info["duration"]) == ((128, 128), 2, 160)


def test_a_notebook_that_fails_is_not_changed(tmp_path):
    path, v4 = tmp_path / "05_mine.ipynb", nbformat.v4
    cells = [v4.new_markdown_cell("badge\n# Mine"), v4.new_code_cell("old"), v4.new_code_cell("1 / 0")]
    nbformat.write(v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run.store(path)
    assert path.read_bytes() == before


@each_notebook
def test_its_badge_opens_it_and_its_first_cell_installs_the_same_repository(path):
    assert run.read(path).cells[0].source.splitlines()[0] == run.badge(path)
    assert path.name in run.badge(path)
    assert code_cells(path)[0].source == run.INSTALL
    addresses = set(re.findall(r"github(?:\.com)?/([\w-]+/\w+)", path.read_text()))
    assert addresses == {run.REPOSITORY}


@each_notebook
def test_its_outputs_are_stored_and_were_made_in_one_go(path):
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [cell.source for cell in cells if shows_something(cell) and not kinds(cell)] == []
    assert [output for output in outputs(path) if output.output_type == "error"] == []


@each_notebook
def test_its_pictures_are_png_or_gif_and_no_larger_than_a_page(path):
    pictures = [
        base64.b64decode(output.data[kind])
        for output in outputs(path)
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]
    assert len(pictures) >= 4
    opened = [Image.open(io.BytesIO(picture)) for picture in pictures]
    assert {picture.format for picture in opened} <= {"PNG", "GIF"}
    assert max(picture.width for picture in opened) <= 1700


@each_notebook
def test_it_is_small_and_has_nothing_of_a_machine(path):
    assert path.stat().st_size < 1_000_000
    told = [output.get("text", "") + str(output.get("data", {}).get("text/plain", "")) for output in outputs(path)]
    assert [text for text in told if OF_A_MACHINE.search(text)] == []
    assert set(run.read(path).metadata) == {"kernelspec", "language_info"}


@pytest.mark.slow
def test_kernels_do_not_see_the_raw_folder_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_JAX_RAW", str(tmp_path))
    code = "import os, vae_jax\nprint(os.environ.get('VAE_JAX_RAW'), vae_jax.__file__)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    [output] = run.execute(notebook, tmp_path).cells[0].outputs
    assert output.text.split() == ["None", str(Path(run.FOLDER.parent, "vae_jax", "__init__.py"))]
