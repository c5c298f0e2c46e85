"""A run as one standalone SVG picture.

Text widths are fixed, so that it looks the same with any font. Layers count from 0.
"""

from __future__ import annotations

import base64
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Protocol

import numpy as np

from mav_engine.characters import label, legible
from mav_engine.contract.events import Done, Error, Prompt, Start, Token

WIDTH = 880
_EDGE, _CHARACTER, _LINE = 20, 7.8, 22
_LEFT = 150
"""Left edge of the charts; their names are to the left."""
_INK, _QUIET, _HAIR, _PAPER = "#1c1917", "#78716c", "#e7e5e4", "#fffefc"
_ACCENT, _CHOSEN = "#0f766e", "#b45309"
_MOST_SURPRISE = 8.0
"""Nats of the darkest background."""
_LINES = 12
"""Most lines of text; the last ones are shown."""


class Recorded(Protocol):
    """The events of a run so far."""

    start: Start | None
    prompt: Prompt | None
    tokens: list[Token]
    end: Done | Error | None

    @property
    def text(self) -> str: ...


def as_image(record: Recorded) -> str:
    """The picture as HTML without scripts and styles."""
    data = base64.b64encode(picture(record).encode()).decode()
    said = escape(_clean(record.text), quote=True)
    return f'<img alt="{said}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'


def picture(record: Recorded) -> str:
    """The SVG of a run so far."""
    parts, y = [], 34.0
    for draw in (_head, _text, _surprise, _layers, _predictions):
        drawn, height = draw(record, y)
        parts.append(drawn)
        y += height
    height = round(y + 6)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-size="12" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" fill="{_INK}">'
        f'<rect width="{WIDTH}" height="{height}" fill="{_PAPER}" stroke="{_HAIR}"/>'
        f"{''.join(parts)}</svg>"
    )


Drawn = tuple[str, float]
"""SVG and its height."""


def _head(record: Recorded, y: float) -> Drawn:
    start = record.start
    if start is None:
        return _words(_EDGE, y, "waiting for the run", _QUIET), 20
    settings = start.settings
    facts = [f"{start.model.layers} layers", f"temperature {settings.temperature:g}"]
    facts += [] if settings.temperature == 0 else [f"seed {settings.seed}"]
    facts.append(f"{len(record.tokens)} tokens")
    if isinstance(record.end, Done):
        facts.append(f"ended by {record.end.reason}")
    if isinstance(record.end, Error):
        facts.append(f"broke off: {record.end.title}")
    name = _words(_EDGE, y, start.model.name, _INK, bold=True)
    x = _EDGE + _cells(start.model.name) * _CHARACTER + 16
    return name + _words(x, y, " · ".join(facts), _QUIET), 28


def _text(record: Recorded, y: float) -> Drawn:
    """Prompt and output, with darker backgrounds for less expected tokens."""
    read = record.prompt.tokens if record.prompt is not None else []
    pieces = [(each.text, None) for each in read]
    said: list[tuple[str, float | None]] = [
        (each.text, None if each.logprob is None else -each.logprob) for each in record.tokens
    ]
    lines = list(_wrapped([*pieces, *said]))
    shown = lines[-_LINES:]
    drawn = []
    for row, line in enumerate(shown):
        for column, piece, surprise in line:
            drawn.append(_piece(column, y + row * _LINE, piece, surprise))
    note = "darker: less expected, up to 8 nats"
    if len(lines) > len(shown):
        note = f"the last {len(shown)} of {len(lines)} lines · {note}"
    below = y + len(shown) * _LINE
    return "".join(drawn) + _words(_EDGE, below, note, _QUIET), len(shown) * _LINE + 26


def _piece(column: int, y: float, text: str, surprise: float | None) -> str:
    x, width = _EDGE + column * _CHARACTER, _cells(text) * _CHARACTER
    ground = ""
    if surprise is not None:
        share = min(surprise / _MOST_SURPRISE, 1.0)
        ground = (
            f'<rect x="{x:.1f}" y="{y - 14:.1f}" width="{width:.1f}" height="19" rx="2" '
            f'fill="{_ACCENT}" fill-opacity="{0.06 + 0.5 * share:.2f}"/>'
        )
    ink = _QUIET if surprise is None else _INK
    return ground + _words(x, y, text, ink, size=13, width=width)


def _wrapped(
    pieces: Iterable[tuple[str, float | None]],
) -> Iterator[list[tuple[int, str, float | None]]]:
    """Lines of (column, text, surprise), broken at tokens and at line breaks."""
    room = int((WIDTH - 2 * _EDGE) / _CHARACTER)
    line: list[tuple[int, str, float | None]] = []
    column = 0
    for text, surprise in pieces:
        for number, part in enumerate(text.split("\n")):
            cells = _cells(part)
            if number or column + cells > room:
                yield line
                line, column = [], 0
            if part:
                line.append((column, part, surprise))
                column += cells
    yield line


def _surprise(record: Recorded, y: float) -> Drawn:
    """The surprise of each token as a bar, and the entropy of its prediction as a mark."""
    known = [
        (place, -each.logprob, each.entropy)
        for place, each in enumerate(record.tokens)
        if each.logprob is not None
    ]
    if not known:
        return "", 0
    top = math.ceil(max(max(surprise, entropy or 0.0) for _, surprise, entropy in known) or 1)
    height, wide = 64.0, _cell_width(record)
    base = y + height
    drawn = [_side(y, "surprise", f"bars, 0–{top} nats"), _side(y + 34, "entropy", "marks, nats")]
    for place, surprise, entropy in known:
        x = _LEFT + place * wide
        tall = height * surprise / top
        drawn.append(_box(x, base - tall, wide, tall, _ACCENT))
        if entropy is not None:
            mark = base - height * entropy / top
            drawn.append(_box(x, mark - 1, wide, 2, _CHOSEN))
    drawn.append(_box(_LEFT, base, WIDTH - _LEFT - _EDGE, 1, _HAIR))
    return "".join(drawn), height + 22


def _layers(record: Recorded, y: float) -> Drawn:
    """Heat maps, layers upwards and tokens to the right."""
    drawn, below = "", 0.0
    for name, title, unit in (
        ("mlp_norm", "mlp_out", "size"),
        ("attn_entropy", "attention", "entropy, nats"),
    ):
        columns = [_by_layer(each, name) for each in record.tokens]
        known = [column for column in columns if column is not None]
        if not known:
            continue
        peak = max((float(np.nanmax(each)) for each in known if np.isfinite(each).any()), default=0)
        rows = len(known[0])
        tall = max(3.0, min(10.0, 110 / rows))
        at = y + below
        drawn += _side(at, title, f"{unit}, 0–{peak:.3g}") + _heat(record, columns, at, tall, peak)
        drawn += _words(_LEFT - 8, at + 8, f"L{rows - 1}", _QUIET, size=9, end=True)
        drawn += _words(_LEFT - 8, at + rows * tall, "L0", _QUIET, size=9, end=True)
        below += max(rows * tall, 34) + 20
    return drawn, below


def _heat(
    record: Recorded,
    columns: Sequence[np.ndarray | None],
    y: float,
    tall: float,
    peak: float,
) -> str:
    wide = _cell_width(record)
    return "".join(
        _box(_LEFT + place * wide, y + (len(column) - 1 - layer) * tall, wide, tall, _ACCENT,
             0.04 + 0.96 * float(value) / (peak or 1))
        for place, column in enumerate(columns)
        if column is not None
        for layer, value in enumerate(column)
        if not math.isnan(value)
    )  # fmt: skip


def _by_layer(token: Token, name: str) -> np.ndarray | None:
    """[n_layers]; for heads their mean."""
    values = getattr(token.layers, name)
    if values is None or values.ndim == 1:
        return values  # type: ignore[no-any-return]
    known = ~np.isnan(values)
    totals = np.where(known, values, 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(totals / np.where(known.any(axis=1), known.sum(axis=1), np.nan))


def _predictions(record: Recorded, y: float) -> Drawn:
    """The predictions of the last token."""
    if not record.tokens:
        return "", 0
    last = record.tokens[-1]
    drawn = _side(y + 4, "last token", "probability")
    room = WIDTH - _LEFT - _EDGE - 150 - 60
    for row, each in enumerate(last.top[:5]):
        at = y + row * 18
        ink = _CHOSEN if each.id == last.token.id else _INK
        name = label(each.text)[:16]
        drawn += _words(_LEFT, at + 4, name, ink)
        drawn += _box(_LEFT + 150, at - 6, room * each.prob, 11, ink if ink == _CHOSEN else _ACCENT)
        x = _LEFT + 158 + room * each.prob
        drawn += _words(x, at + 4, f"{each.prob:.1%}", _QUIET, size=11)
    return drawn, 5 * 18 + 8


def _cell_width(record: Recorded) -> float:
    """The width of a token: for the maximum number of tokens during the run, for the actual one
    after it."""
    count = len(record.tokens)
    if record.end is None and record.start is not None:
        count = max(count, record.start.settings.max_new_tokens)
    return min(24.0, (WIDTH - _LEFT - _EDGE) / max(count, 1))


def _side(y: float, title: str, unit: str) -> str:
    return _words(_EDGE, y + 6, title, _INK) + _words(_EDGE, y + 20, unit, _QUIET, size=10)


def _box(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> str:
    faint = "" if opacity >= 1 else f' fill-opacity="{opacity:.3f}"'
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{max(height, 0):.2f}" '
        f'fill="{fill}"{faint}/>'
    )


def _words(
    x: float,
    y: float,
    text: str,
    ink: str,
    *,
    size: int = 12,
    bold: bool = False,
    end: bool = False,
    width: float | None = None,
) -> str:
    fitted = "" if width is None else f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    weight = ' font-weight="600"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{ink}" xml:space="preserve"'
        f"{weight}{anchor}{fitted}>{escape(_clean(text))}</text>"
    )


def _cells(text: str) -> int:
    """Columns of a fixed-width font."""
    return sum(map(_width, _clean(text)))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _clean(text: str) -> str:
    """The text without control characters; tabs become four spaces."""
    return legible(text.replace("\t", "    "))
