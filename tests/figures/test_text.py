"""Text is drawn literally, with fallback fonts."""

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font

from vae_jax.figures.canvas import finish, log_scale, new_figure
from vae_jax.figures.gallery import pixels_of
from vae_jax.figures.matplotlib_settings import own_settings
from vae_jax.figures.text import drawable, short

NOWHERE = "\U0010fffe"  # no character, so no font has it


def letters_of(family):
    return set(FT2Font(fontManager.findfont(family)).get_charmap())


@own_settings()
def drawn(said):
    figure = new_figure(1, 3)
    figure.set_layout_engine("none")
    figure.text(0.1, 0.5, said)
    return pixels_of(figure)


def drawn_plainly(said):
    """By matplotlib alone, without mathtext."""
    figure = Figure((3, 1), dpi=110)
    canvas = FigureCanvasAgg(figure)
    figure.text(0.1, 0.5, said, parse_math=False)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["A$$AP", "a$b$c", r"a\$b", "$x_{$", "_misc", "Ünal", "%d {0}", r"\frac"])
def test_every_character_of_a_name_is_drawn(name):
    np.testing.assert_array_equal(drawn(name), drawn_plainly(name))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("hidden", [NOWHERE, "\udcff", "\x07", "\u202e"])
def test_characters_that_no_font_has_or_are_invisible_are_escaped(hidden):
    spelled = hidden.encode("unicode_escape", "surrogatepass").decode()
    assert drawable(f"a {hidden}") == (f"a {spelled}", ())
    np.testing.assert_array_equal(drawn(f"a {hidden}"), drawn_plainly(f"a {spelled}"))


@pytest.mark.filterwarnings("error")
def test_a_letter_that_the_default_font_lacks_is_drawn_with_another():
    letter = chr(min(letters_of("STIXGeneral") - letters_of("DejaVu Sans")))
    shown, (family,) = drawable(f"a{letter}b")
    assert shown == f"a{letter}b"
    assert ord(letter) in letters_of(family)
    assert (drawn(f"a{letter}b") != drawn_plainly("ab")).any()


@pytest.mark.filterwarnings("error")
@hypothesis.settings(max_examples=10)
@given(st.text(max_size=30))
def test_any_text_can_be_a_title(text):
    with own_settings():
        figure = new_figure(3, 6)
        figure.subplots()
        pixels_of(finish(figure, text, text))


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])), st.integers(6, 40))
def test_a_short_name_keeps_its_ends(name, most):
    shown = short(name, most)
    assert len(shown) == min(len(name), most)
    if len(name) > most:
        begin, end = shown.split("…") if shown.count("…") == 1 else ("", "")
        assert name.startswith(begin)
        assert name.endswith(end)
    else:
        assert shown == name


def test_a_short_name_is_as_long_as_it_is_drawn():
    assert len(short(NOWHERE * 30)) == 24


@own_settings()
def test_log_axes_have_plain_numbers():
    figure = new_figure(3, 3)
    axes = figure.subplots()
    axes.plot([1e-5, 1e7], [2, 8])
    log_scale(axes, "x")
    log_scale(axes, "y")
    axes.set_xticks([1e-5, 0.01, 1, 1e7])  # where ticks are by default differs between versions of Matplotlib
    figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10⁻⁵", "0.01", "1", "10⁷"]
    assert {"2", "3"} <= {label.get_text() for label in axes.get_yticklabels(minor=True)}
