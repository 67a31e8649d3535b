"""How texts are drawn: as they are, with what fonts there are, and what no font has as an escape."""

import unicodedata
from functools import cache, lru_cache
from typing import Any

from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from vae_jax.core.plain_text import escaped
from vae_jax.figures.matplotlib_settings import FAMILY

JOINERS = "\u200c\u200d"  # without width: they shape the letters beside them
LAST_RESORT = "Last Resort"  # matplotlib's own font of boxes


class TextRenderer(RendererAgg):
    """Draws and measures every text of a figure as `drawable` says; none is read as mathematics."""

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """Draw a line of text."""
        text, fonts = _with_fonts(s, prop)
        RendererAgg.draw_text(self, gc, x, y, text, fonts, angle, False, mtext)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Measure a line of text, in pixels (matplotlib asks for mathematics where it wraps lines)."""
        text, fonts = _with_fonts(s, prop)
        size: tuple[float, float, float] = RendererAgg.get_text_width_height_descent(self, text, fonts, False)
        return size


class TextCanvas(FigureCanvasAgg):
    """A canvas without a window, whose texts are drawn by `TextRenderer`."""

    def get_renderer(self) -> RendererAgg:
        """Return the renderer of the figure's size."""
        renderer: RendererAgg = FigureCanvasAgg.get_renderer(self)
        if not isinstance(renderer, TextRenderer):
            self.renderer = renderer = TextRenderer(renderer.width, renderer.height, renderer.dpi)  # type: ignore[no-untyped-call]
        return renderer


def _with_fonts(text: str, prop: FontProperties) -> tuple[str, FontProperties]:
    shown, families = drawable(text)
    if families:
        prop = prop.copy()
        prop.set_family([*prop.get_family(), *families])
    return shown, prop


@lru_cache(1024)
def drawable(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Return a text as it can be drawn, and the families that it takes beside the usual one.

    What no installed font has, and what can't be seen, is spelled out: `\u732b`.
    """
    shown, families = "", dict[str, None]()
    for letter in text:
        family = _family_with(letter)
        shown += letter if family is not None else escaped(letter)
        if family:
            families[family] = None
    return shown, tuple(families)


def short(name: str, most: int = 24) -> str:
    """Leave out the middle of a name that, as it is drawn, has more than so many letters: both ends tell it apart."""
    shown, _ = drawable(name)
    end = most // 3
    return shown if len(shown) <= most else f"{shown[: most - 1 - end]}…{shown[-end:]}"


@cache
def _family_with(letter: str) -> str | None:
    """The family that has a letter: '' for the usual one, else the first by name; None where none has it."""
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in JOINERS
    if letter == "\n" or hidden:
        return "" if letter == "\n" else None
    if ord(letter) in _letters_of(_usual_font()):
        return ""
    return next((family for family, path in _other_fonts() if ord(letter) in _letters_of(path)), None)


@cache
def _usual_font() -> str:
    return str(fontManager.findfont(FAMILY))


@cache
def _other_fonts() -> tuple[tuple[str, str], ...]:
    """Families and files of the upright fonts that are installed."""
    upright = (each for each in fontManager.ttflist if each.style == "normal" and LAST_RESORT not in each.name)
    return tuple(sorted((each.name, each.fname) for each in upright))


@cache
def _letters_of(path: str) -> frozenset[int]:
    """The characters that a font file has; none where it can't be used, such as one of pictures."""
    try:
        font = FT2Font(path)
        font.set_size(10, 100)
        return frozenset(font.get_charmap())
    except Exception:  # FreeType's of many kinds; a font that can't be read is no help
        return frozenset()
