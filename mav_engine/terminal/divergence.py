"""The strip below two runs: their divergence at the shown token and before."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from mav_engine.compare.events import Common, Divergence
from mav_engine.contract.events import Token
from mav_engine.terminal.bars import Scale, bar, column, number
from mav_engine.terminal.labels import fitted, label
from mav_engine.terminal.pair_player import PairPlayer
from mav_engine.terminal.rows import ACCENT, CHOSEN, QUIET
from mav_engine.terminal.view import Lines, ViewOptions

ROWS = 4
"""Lines of the full strip; fewer show the first ones."""
_NAME, _BAR = 9, 24
_PARTED = "yellow"
_ROUNDING = 1e-7
"""Divergences below this many nats may be rounding of float32."""


def scale_of(divergences: Sequence[Divergence], options: ViewOptions) -> Scale | None:
    """The scale of KL over all tokens so far; None if there is none."""
    kls = [each.kl for each in divergences if each.kl is not None]
    return Scale.over(min(kls), max(kls), options.scale) if kls else None


def title_of(common: Common | None) -> str:
    """The title of the strip."""
    how = {"forced": " · b is forced to a’s text", "own": " · each writes its own text"}
    return "Divergence" + (how[common.mode] if common is not None else "")


def caption_of(divergences: Sequence[Divergence], options: ViewOptions) -> str:
    """Units and scales of the bars."""
    kl, layers = scale_of(divergences, options), _scale_of_layers(divergences)
    caption = "KL(a‖b), nats" + (f" · {kl}" if kl is not None else "")
    return caption + (f" · layers 0–{layers.high:.0%} of a’s length" if layers is not None else "")


def lines_of(pair: PairPlayer, options: ViewOptions, width: int, *, blocks: bool) -> Lines:
    """Values of the shown token, KL by token, residual streams by layer, texts."""
    scale = scale_of(pair.divergences, options)
    now = pair.divergence
    if now is None:
        first = Text(_over(pair), style=QUIET)
    elif pair.common is not None and pair.common.kl_absent is not None:
        first = Text(f"no divergence of predictions: {pair.common.kl_absent}", style=_PARTED)
    else:
        first = _figures(pair, now, scale, options, blocks)
    lines = [first]
    if scale is not None:
        lines.append(_by_token(pair.divergences, pair.index, scale, width, blocks))
    return [*lines, _texts(pair, blocks), _by_layer(pair, now, blocks)]


def _over(pair: PairPlayer) -> str:
    """A note about the run that has no such token."""
    short = [side for side, player in pair.sides.items() if len(player.record.tokens) <= pair.index]
    return f"{' and '.join(short) or 'one of both'} ended before this token"


def _figures(
    pair: PairPlayer, now: Divergence, scale: Scale | None, options: ViewOptions, blocks: bool
) -> Text:
    a, b = (player.record.tokens[now.index] for player in pair.sides.values())
    line = Text(fitted("KL a‖b", _NAME), style=QUIET)
    length = min(_BAR, options.max_bar_length)
    share = 0.0 if now.kl is None or scale is None else scale.share(now.kl)
    drawn = fitted(bar(share, length, blocks=blocks), length)
    line.append(drawn, style=f"{_shade(now)} not dim")
    kl = "does not exist" if now.kl is None else f"{_nats(now.kl)} nats"
    line.append(f" {kl}", style="bold not dim")
    rank = "–" if now.rank is None else str(now.rank)
    line.append(f"   {label(a.token.text, blocks=blocks)}", style="not dim")
    line.append(f" is rank {rank} in b", style="default not dim")
    return line.append_text(_likeliest(now, b, blocks))


def _nats(value: float) -> str:
    """Four decimals, and two digits of what they would not show."""
    return number(value) if _ROUNDING < value < 5e-4 else f"{value:.4f}"


def _likeliest(now: Divergence, b: Token, blocks: bool) -> Text:
    if now.same_top is None or not b.top:
        return Text()
    if now.same_top:
        return Text("   same likeliest token", style="not bold dim")
    likeliest = Text("   likeliest in b: ", style="not bold dim")
    name = label(b.top[0].text, blocks=blocks)
    return likeliest.append(name, style=f"{CHOSEN} not dim")


def _shade(divergence: Divergence) -> str:
    return ACCENT if divergence.same_text else _PARTED


def _by_token(
    divergences: Sequence[Divergence], index: int, scale: Scale, width: int, blocks: bool
) -> Text:
    """A small bar per token around the shown one, which is marked."""
    room = max(1, width - _NAME)
    first = max(0, min(index - room // 2, len(divergences) - room))
    line = Text(fitted("by token", _NAME), style=QUIET)
    for each in divergences[first : first + room]:
        drawn = "–" if each.kl is None else column(scale.share(each.kl), blocks=blocks)
        # A third colour, not reversed, since it is a bar among bars.
        line.append(
            drawn, style="bold not dim" if each.index == index else f"{_shade(each)} not dim"
        )
    return line


def _texts(pair: PairPlayer, blocks: bool) -> Text:
    a, b = (player.record.tokens for player in pair.sides.values())
    line = Text(fitted("texts", _NAME), style=QUIET)
    until = min(pair.index + 1, len(a), len(b))
    parted = next((i for i in range(until) if a[i].token.id != b[i].token.id), None)
    if parted is None:
        line.append("the same so far", style="default not dim")
    else:
        one, other = (label(each[parted].token.text, blocks=blocks) for each in (a, b))
        line.append(f"part at token {parted}", style=f"{_PARTED} not dim")
        line.append(f": {one}, {other}; yellow after it", style="dim")
    return line.append_text(_so_far(pair.divergences[: pair.index + 1]))


def _so_far(divergences: Sequence[Divergence]) -> Text:
    """The summary of all tokens up to the shown one."""
    comparable = [each for each in divergences if each.same_text]
    kls = [each.kl for each in comparable if each.kl is not None]
    tops = [each.same_top for each in comparable if each.same_top is not None]
    parts = [f"KL mean {_nats(sum(kls) / len(kls))}, most {_nats(max(kls))}"] if kls else []
    parts += [f"same likeliest {sum(tops)} of {len(tops)}"] if tops else []
    return Text("".join(f" · {part}" for part in parts), style="not bold dim")


def _by_layer(pair: PairPlayer, now: Divergence | None, blocks: bool) -> Text:
    """The distance of the residual streams, from the embedding on."""
    line = Text(fitted("layers", _NAME), style=QUIET)
    distances = None if now is None else now.resid_distance
    scale = _scale_of_layers(pair.divergences)
    if distances is None or now is None or scale is None:
        why = pair.common.layers_absent if pair.common is not None else None
        return line.append(why or "–")
    for each in map(float, distances):
        drawn = "–" if math.isnan(each) else column(scale.share(each), blocks=blocks)
        line.append(drawn, style=f"{_shade(now)} not dim")
    first, last = (_share(float(distances[place])) for place in (0, -1))
    summary = f" resid differs by {first} at the embedding, {last} after L{len(distances) - 2}"
    return line.append(summary, style="default not dim")


def _scale_of_layers(divergences: Sequence[Divergence]) -> Scale | None:
    known = [
        float(each)
        for divergence in divergences
        if divergence.resid_distance is not None
        for each in divergence.resid_distance
        if not math.isnan(each)
    ]
    return Scale.over(0.0, max(known), "linear") if known else None


def _share(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.0%}" if value == 0 or value > 0.1 else f"{value:.1%}"
