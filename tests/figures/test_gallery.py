"""Every figure can be drawn for any member, without a warning and with nothing cut off."""

import numpy as np
import pytest
from invented_arrays import member_arrays
from matplotlib.figure import Figure
from picture_edges import beyond_the_edge
from PIL import Image
from slow_cases import slow_after

from vae_jax.figures.canvas import DPI
from vae_jax.figures.gallery import FIGURES, draw_figures, gallery_of

pytestmark = pytest.mark.filterwarnings("error")

NOTICE = (
    "These faces are drawn by the program, not photographs. With photographs: python -m vae_jax.main "
    "--config=configs/dogpeople.py --config.data.raw_dir=FOLDER"
)
LONG_TITLE = "dogpeople · 50 latent · beta_KL 0.0001 · seed 123456 · warmup_steps 1000 · warmup_delay 2000 · lr 0.0003"
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def collapsed(n, latent):
    """Codes of a collapsed posterior, equal for all images."""
    return np.full((n, latent), 0.3, np.float32)


NAMES = (
    "A$$AP",
    "a$b$c",
    "_misc",
    "猫",
    "😀",
    "قطة",
    "W" * 240,
    r"\frac{",
    "a\x07b",
    "\u202egod",
)  # as folders may have


MEMBERS = {
    "ten classes of digits in 2 units": lambda: member_arrays(classes=10, n=180),
    "1 unit and 2 test images": lambda: member_arrays(latent=1, shape=(28, 28, 1), n=2),
    "3 units, 3 classes, one of them missing among the test images, a notice": lambda: member_arrays(
        latent=3,
        classes=3,
        shape=(50, 50, 1),
        class_names=("people", "dogs", "between"),
        test_labels=np.array([0, 2] * 30, np.int32),
        notice=NOTICE,
    ),
    "50 units, many test images, negative losses": lambda: member_arrays(
        latent=50, shape=(50, 50, 1), n=1200, losses=np.linspace(-4000, -1, 1200).astype(np.float32)
    ),
    "1 class and a collapsed posterior, all losses equal": lambda: member_arrays(
        classes=1, shape=(28, 20, 1), n=40, mu=collapsed(40, 2), losses=np.full(40, 1234567, np.float32)
    ),
    "50 units and a collapsed posterior, losses apart by rounding": lambda: member_arrays(
        mu=collapsed(60, 50),
        losses=np.nextafter(np.full(60, 1000, np.float32), np.arange(60, dtype=np.float32) % 2 * 2000),
    ),
    "colour, ten long names, 5 test images, a long title and a notice": lambda: member_arrays(
        latent=50, classes=10, shape=(28, 28, 3), n=5, class_names=CLOTHES, title=LONG_TITLE, notice=NOTICE
    ),
    "150 classes of all kinds of names": lambda: member_arrays(
        classes=150, n=300, class_names=(NAMES * 15), title="$a_{$ · A$$AP · _ · 猫"
    ),
}


@pytest.mark.parametrize("name", slow_after(3, MEMBERS))
def test_nothing_of_any_figure_is_cut_off(name):
    shown = MEMBERS[name]()
    figures = {name: figure for name, draw in gallery_of(shown).items() if (figure := draw()) is not None}
    assert set(FIGURES) - set(figures) <= {"pca"}
    assert {name: over for name, figure in figures.items() if (over := beyond_the_edge(figure))} == {}
    for figure in figures.values():
        assert figure.get_suptitle() == shown.title
        assert figure.get_supxlabel() == shown.notice
        assert figure.get_figheight() < 12  # few images are not enlarged too much


def test_principal_components_are_drawn_where_there_are_three_dimensions_to_see():
    draw = FIGURES["pca"][1]
    assert draw(member_arrays(latent=2)) is None
    assert draw(member_arrays(latent=50, n=2)) is None
    assert draw(member_arrays(latent=3)) is not None


@pytest.mark.slow
def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for folder in ("first", "second"):
        assert draw_figures(gallery_of(member_arrays(latent=3)), tmp_path / folder) == {}
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert set(first) == {f"{name}.png" for name in FIGURES}
    assert [name for name in first if first[name] != second[name]] == []


def test_figures_are_saved_under_their_names_at_their_size(tmp_path):
    figure = FIGURES["samples"][1](member_arrays())
    drawings = {"samples": lambda: figure, "pca": lambda: None}
    assert draw_figures(drawings, tmp_path / "new" / "figures", "_member3") == {}
    (path,) = (tmp_path / "new" / "figures").iterdir()
    assert path.name == "samples_member3.png"
    with Image.open(path) as picture:
        assert picture.size == tuple(int(inches * DPI) for inches in figure.get_size_inches())


def test_what_is_saved_is_what_matplotlib_would_save(tmp_path):
    """For several figures, each with its own layout."""
    names = ("samples", "latent_space", "loss_histogram")
    draw_figures({name: draw for name, draw in gallery_of(member_arrays()).items() if name in names}, tmp_path)
    for name in names:
        path = tmp_path / f"{name}.png"
        FIGURES[name][1](member_arrays()).savefig(tmp_path / "theirs.png")
        with Image.open(path) as ours, Image.open(tmp_path / "theirs.png") as theirs:
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs.convert("RGB")))
            assert ours.info["dpi"] == pytest.approx(theirs.info["dpi"])


def test_a_figure_that_can_not_be_written_leaves_the_earlier_file(tmp_path, monkeypatch):
    def fail(image, path, *_, **__):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("PIL.Image.Image.save", fail)
    (tmp_path / "samples.png").write_bytes(b"before")
    with pytest.raises(OSError, match="no space left"):
        draw_figures({"samples": Figure}, tmp_path)
    assert (tmp_path / "samples.png").read_bytes() == b"before"
