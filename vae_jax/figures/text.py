"""Draws text literally, with fallback fonts; characters that no font has are escaped."""

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

JOINERS = "\u200c\u200d"  # zero-width joiners, which shape adjacent letters
LAST_RESORT = "Last Resort"  # matplotlib's font of placeholder boxes


class TextRenderer(RendererAgg):
    """Draws and measures every text of a figure as `drawable` gives it, never as mathtext."""

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
        """Measure a line of text, in pixels (matplotlib sets `ismath` when it wraps lines)."""
        text, fonts = _with_fonts(s, prop)
        size: tuple[float, float, float] = RendererAgg.get_text_width_height_descent(self, text, fonts, False)
        return size


class TextCanvas(FigureCanvasAgg):
    """A canvas without a window that draws text with `TextRenderer`."""

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
    r"""Return a text as it can be drawn, and the fallback font families that it needs.

    Characters that are invisible, or in no installed font, are escaped: `\u732b`.
    """
    shown, families = "", dict[str, None]()
    for letter in text:
        family = _family_with(letter)
        shown += letter if family is not None else escaped(letter)
        if family:
            families[family] = None
    return shown, tuple(families)


def short(name: str, most: int = 24) -> str:
    """Shorten a name to at most `most` letters as drawn, by leaving out its middle."""
    shown, _ = drawable(name)
    end = most // 3
    return shown if len(shown) <= most else f"{shown[: most - 1 - end]}…{shown[-end:]}"


@cache
def _family_with(letter: str) -> str | None:
    """Return the font family that has a letter: '' for the default one, else the first by name; None if none has it."""
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in JOINERS
    if letter == "\n" or hidden:
        return "" if letter == "\n" else None
    if ord(letter) in _letters_of(_default_font()):
        return ""
    return next((family for family, path in _other_fonts() if ord(letter) in _letters_of(path)), None)


@cache
def _default_font() -> str:
    return str(fontManager.findfont(FAMILY))


@cache
def _other_fonts() -> tuple[tuple[str, str], ...]:
    """Return the families and files of the installed upright fonts."""
    upright = (each for each in fontManager.ttflist if each.style == "normal" and LAST_RESORT not in each.name)
    return tuple(sorted((each.name, each.fname) for each in upright))


@cache
def _letters_of(path: str) -> frozenset[int]:
    """Return the characters of a font file; none if it can't be used, such as a bitmap font."""
    try:
        font = FT2Font(path)
        font.set_size(10, 100)
        return frozenset(font.get_charmap())
    except Exception:  # FreeType raises many types of error for fonts that it can't read
        return frozenset()
