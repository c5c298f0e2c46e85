"""The picture of one prediction: what a model could have said, what it drew from, what it said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mav_engine.contract.events import Candidate, Token
from mav_engine.explore import style
from mav_engine.explore.explored_run import ExploredRun, sampled_prob

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _HEAD, _FOOT = 0.225, 1.56, 1.16
_LABEL, _BARS, _BESIDE = 1.3, 2.9, 1.85
_PROB, _DRAWN = 0.52, 0.68
"""Inches: a row; above and below the rows; left of the bars, they themselves, right of them; there
the right edge of a number, and the left of the next."""
_COLUMN = _LABEL + _BARS + _BESIDE


def picture(runs: Sequence[ExploredRun], step: int | None) -> Figure:
    """A column for each model, all on the same scale from 0 to 100 %.

    Args:
        step: which prediction, from 1; None is each model's last.
    """
    steps = [step or each.steps for each in runs]
    tokens = [each.token(at) for each, at in zip(runs, steps, strict=True)]
    rows = max(len(_rows(token)) for token in tokens if token is not None)
    width = 2 * style.EDGE + len(runs) * _COLUMN + (len(runs) - 1) * style.EDGE
    figure = style.canvas(width, _HEAD + rows * _ROW + _FOOT)
    together = len(runs) == 1 or runs[-1].forced_to is not None
    last = f"last step, {steps[0]}" if together else "last step of each"
    title = f"Next token, {last if step is None else f'step {step}'}{style.title_suffix(runs)}"
    style.words(figure, style.EDGE, 0.46, title, fontsize=style.HEAD, weight="bold")
    for place, (each, token) in enumerate(zip(runs, tokens, strict=True)):
        left = style.EDGE + place * (_COLUMN + style.EDGE)
        _head(figure, left, each, steps[place], token)
        if token is not None:
            _headings(figure, left)
            _bars(figure, left, token, rows)
    _foot(figure, runs, _HEAD + rows * _ROW + 0.56)
    return figure


def _head(figure: Figure, left: float, run: ExploredRun, step: int, token: Token | None) -> None:
    style.words(figure, left, 0.78, style.drawable(run.name), weight="bold")
    if token is None:
        caption = f"wrote {run.steps} tokens; its text ended before this step"
        style.words(figure, left, 1.16, caption, color=style.QUIET)
        return
    caption = f"entropy {token.entropy:.2f} nats, like {_like(token)} equally likely tokens"
    caption += f" · {'given' if token.forced else 'chosen'}: rank {token.rank}"
    apart = run.divergence(step)
    if apart is not None:
        caption += f" · KL from the first {_nats(apart.kl)}"
    style.words(figure, left, 0.96, caption, color=style.QUIET, fontsize=style.SMALL)
    text = style.tail(run.text_before(step), 52)
    style.words(figure, left, 1.22, f"{text} …", family=style.families(style.SERIF), style="italic")


def _headings(figure: Figure, left: float) -> None:
    beside = left + _LABEL + _BARS
    small: dict[str, Any] = {"fontsize": style.SMALL, "color": style.QUIET}
    style.words(figure, beside + _PROB, _HEAD - 0.08, "model", ha="right", **small)
    style.words(figure, beside + _DRAWN, _HEAD - 0.08, "drawn, or cut by", **small)


def _nats(value: float | None) -> str:
    return "does not exist" if value is None else f"{value:.4f} nats"


def _like(token: Token) -> str:
    count = math.nan if token.distribution is None else token.distribution.effective_tokens
    return f"{count:.1f}" if count < 100 else f"{count:,.0f}"


def _rows(token: Token) -> list[Candidate]:
    """What was reported; the token itself below it where it stood further down."""
    if any(row.id == token.token.id for row in token.top):
        return token.top
    prob = token.prob
    drawn = sampled_prob(token)
    drawn = math.nan if drawn is None else drawn
    own = Candidate(token.token.id, token.token.text, None, prob, drawn, None)
    return [*token.top, own]


def _bars(figure: Figure, left: float, token: Token, rows: int) -> None:
    axes = style.place(figure, left + _LABEL, _HEAD, _BARS, rows * _ROW)
    axes.set_xlim(0, 1)
    axes.set_ylim(rows - 0.5, -0.5)
    shares = (0, 0.25, 0.5, 0.75, 1)
    axes.set_xticks(shares, [f"{share:.0%}" for share in shares], family=style.families(style.SANS))
    axes.vlines(shares, -0.5, rows - 0.5, color=style.RULE, linewidth=0.6, zorder=0)
    found = _rows(token)
    axes.set_yticks(
        range(len(found)), [style.token(row.text) for row in found],
        family=style.families(style.MONO), fontsize=style.BODY, color=style.INK,
    )  # fmt: skip
    for place, row in enumerate(found):
        said = row.id == token.token.id
        _bar(axes, place, row, said)
        if said:
            axes.get_yticklabels()[place].set(color=style.CHOSEN, weight="bold")


def _bar(axes: Axes, place: int, row: Candidate, said: bool) -> None:
    hue = style.CHOSEN if said else style.SOFT if row.cut_by else style.DATA
    axes.barh(place, row.prob, height=0.62, color=hue, linewidth=0)
    drawn = math.nan if row.sampled_prob is None else row.sampled_prob
    if drawn > 0:
        axes.plot(
            drawn, place, "o", markersize=4.2, markerfacecolor=style.WHITE,
            markeredgecolor=style.INK, markeredgewidth=0.9, clip_on=False, zorder=3,
        )  # fmt: skip
    how: dict[str, Any] = {
        "textcoords": "offset points", "va": "center", "fontsize": style.SMALL,
        "annotation_clip": False, "color": style.CHOSEN if said else style.QUIET,
    }  # fmt: skip
    axes.annotate(_percent(row.prob), (1, place), (72 * _PROB, -0.5), ha="right", **how)
    label = row.cut_by or _percent(drawn)
    axes.annotate(label, (1, place), (72 * _DRAWN, -0.5), **how)


def _percent(share: float) -> str:
    """Three digits, so that what is rare does not look like nothing."""
    if math.isnan(share):
        return "–"
    if share >= 0.1:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%"


def _foot(figure: Figure, runs: Sequence[ExploredRun], top: float) -> None:
    settings = runs[0].start.settings
    said = "chosen" if runs[-1].forced_to is None else "in the text"
    axes = style.place(figure, style.EDGE, top - 0.1, 5.4, 0.14)
    axes.set(xlim=(0, 5.4), ylim=(0, 1), xticks=[], yticks=[])
    keys = ((0, style.DATA, "model"), (0.85, style.SOFT, "cut by a control"),
            (2.15, style.CHOSEN, said), (3.1, None, "drawn from"))  # fmt: skip
    for x, hue, name in keys:
        if hue is None:
            axes.plot(x + 0.06, 0.5, "o", markersize=4.2, markerfacecolor=style.WHITE,
                      markeredgecolor=style.INK, markeredgewidth=0.9)  # fmt: skip
        else:
            axes.barh(0.5, 0.14, left=x, height=0.7, color=hue)
        style.words(
            figure, style.EDGE + x + 0.21, top, name, fontsize=style.SMALL, color=style.QUIET
        )
    note = "Probability: softmax of logits, before any sampling control."
    drawn = (
        f"Drawn from after temperature {settings.temperature:g}, top-p {settings.top_p:g}, "
        f"repetition penalty {settings.repetition_penalty:g}, no repeated "
        f"{settings.no_repeat_ngram_size}-gram; seed {settings.seed}."
    ).replace(", no repeated 0-gram", "")
    for line, text in enumerate((note, drawn), start=1):
        under = top + 0.05 + 0.17 * line
        style.words(figure, style.EDGE, under, text, fontsize=style.SMALL, color=style.QUIET)
