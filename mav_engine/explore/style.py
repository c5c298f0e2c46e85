"""Style of the pictures: the site's colours on white, matplotlib's bundled fonts, sizes in inches.

matplotlib's global state is not used: no pyplot, and settings are restored after drawing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mav_engine.characters import code_of
from mav_engine.errors import MissingExtra
from mav_engine.terminal.labels import label, prose

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from mav_engine.explore.explored_run import ExploredRun

INK, QUIET, RULE, WHITE = "#1a1e27", "#575b64", "#dedcd7", "#ffffff"
DATA, SOFT, CHOSEN = "#0581a3", "#b1d9e6", "#cd3916"
"""Colours of data, faint data and the chosen token: the site's, safe for colour-blind readers."""
RAMP = (
    "#f4f2e7", "#c9dfd9", "#9dcbcb", "#6eb7bd", "#31a4af",
    "#2d88a3", "#296d96", "#265189", "#23367b",
)  # fmt: skip
"""From 0 to 1 in even steps of lightness; frontend/lib/colour/ramp.ts."""
DOTS_PER_INCH = 200
SANS, SERIF, MONO = "sans-serif", "serif", "monospace"
SMALL, BODY, HEAD = 7.5, 8.5, 13.0
CHARACTER = 0.602 / 72
"""Width of a monospaced character in inches, per point of font size."""
EDGE = 0.3

_BUNDLED = {SANS: "DejaVu Sans", SERIF: "DejaVu Serif", MONO: "DejaVu Sans Mono"}
"""Fonts that matplotlib ships, so that pictures are equal on all machines."""
_OTHER_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR",
    "Source Han Sans SC", "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans", "Microsoft YaHei",
    "Yu Gothic", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS",
)  # fmt: skip
"""Fonts for characters that the bundled ones lack, if installed."""


def require() -> None:
    """Check that matplotlib is installed, before anything is computed.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtra(
            "mav explore needs matplotlib, which is not installed: "
            "pip install 'mav-engine[explore]'."
        ) from None


@contextmanager
def drawing() -> Iterator[None]:
    """Apply matplotlib settings for the pictures, and restore them afterwards."""
    import matplotlib

    ours: dict[Any, Any] = {
        "text.parse_math": False,  # no TeX
        "svg.fonttype": "none",  # keep text as text
        "svg.hashsalt": "mav",  # reproducible files
        "axes.unicode_minus": False,
        "text.color": INK,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(ours)
        yield


def canvas(width: float, height: float) -> Figure:
    """An empty white figure of this size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor=WHITE)


def files_of(figure: Figure) -> dict[str, bytes]:
    """The files of a figure by suffix: png and svg."""
    png, svg = io.BytesIO(), io.BytesIO()
    # Higher compression takes seconds for large pictures and saves a few percent.
    quick = {"compress_level": 2}
    figure.savefig(png, format="png", metadata={"Software": "MAV"}, pil_kwargs=quick)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": "MAV"})
    return {"png": png.getvalue(), "svg": svg.getvalue()}


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Frameless axes at a position in inches from the upper left corner."""
    wide, tall = figure.get_size_inches()
    axes = figure.add_axes((left / wide, 1 - (top + height) / tall, width / wide, height / tall))
    axes.set_frame_on(False)
    axes.tick_params(length=0, pad=4, colors=QUIET, labelsize=SMALL)
    return axes


def words(figure: Figure, left: float, top: float, text: str, **properties: Any) -> None:
    """A line of text with its baseline at a position in inches from the upper left corner."""
    wide, tall = figure.get_size_inches()
    usual: dict[str, Any] = {
        "fontsize": BODY, "color": INK, "family": families(SANS), "va": "baseline",
    }  # fmt: skip
    figure.text(left / wide, 1 - top / tall, text, **(usual | properties))


def ramp() -> Colormap:
    """The colour map of shares from 0 to 1; missing values are white."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("mav", RAMP).with_extremes(bad=WHITE)


def title_suffix(runs: Sequence[ExploredRun]) -> str:
    """The suffix of titles if the second model was forced to the first's text."""
    followed = runs[-1].forced_to
    return "" if followed is None else f", both after the text of {cut(drawable(followed), 48)}"


def token(text: str, most: int = 14) -> str:
    """A token on one line with visible spaces, shortened to `most` characters."""
    return cut(drawable(label(text)), most)


def tail(text: str, most: int) -> str:
    """The end of a text on one line."""
    line = drawable(prose(text).replace("\n", "↵"))
    return line if len(line) <= most else "…" + line[1 - most :]


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


@cache
def families(generic: str) -> list[str]:
    """The font families of a text, in the order in which matplotlib tries them for a character.

    They are named one by one, since matplotlib takes only the first installed font of a generic
    family such as "serif" and never falls back to the others.

    Args:
        generic: `SANS`, `SERIF` or `MONO`.
    """
    return list(dict.fromkeys([_BUNDLED[generic], *_in_every_picture()]))


def drawable(text: str) -> str:
    """The text with characters that no font here can draw replaced by their code."""
    return "".join(each if _has_glyph(each) else code_of(each) for each in text)


@cache
def _in_every_picture() -> tuple[str, ...]:
    """The last families of every list: the bundled sans serif and other scripts."""
    from matplotlib.font_manager import fontManager

    # matplotlib keeps its list of fonts in a file, so a font in it may have been removed since.
    installed = {font.name for font in fontManager.ttflist if Path(font.fname).is_file()}
    others = (name for name in _OTHER_SCRIPTS if name in installed)
    return (_BUNDLED[SANS], *others)


@cache
def _has_glyph(character: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = (findfont(FontProperties(family=name)) for name in _in_every_picture())
    return any(get_font(path).get_char_index(ord(character)) for path in paths)
