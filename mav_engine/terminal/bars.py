"""Bars and shades of characters, and their scales."""

from __future__ import annotations

import math
from dataclasses import dataclass

_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHADES = " ░▒▓█"
_PLAIN_SHADES = " .:+#"
_RISING = " ▁▂▃▄▅▆▇█"


def bar(share: float, length: int, *, blocks: bool = True) -> str:
    """A bar that fills this share of its length, to an eighth of a character.

    A share of 0.05 % or more always has a visible bar.
    """
    share = 0.0 if share < 0.0005 else share
    filled = min(max(share, 0.0), 1.0) * length
    if not blocks:
        return "#" * (math.ceil(filled) if 0 < filled < 1 else round(filled))
    eighths = round(filled * 8)
    if share > 0 and eighths == 0 and length > 0:
        eighths = 1
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def shade(share: float, *, blocks: bool = True) -> str:
    """One shaded character; visible from half a step on."""
    steps = _SHADES if blocks else _PLAIN_SHADES
    return steps[_step(share, len(steps))]


def column(share: float, *, blocks: bool = True) -> str:
    """One character as a small upright bar."""
    if not blocks:
        return shade(share, blocks=False)
    return _RISING[max(1, _step(share, len(_RISING)))]


def _step(share: float, steps: int) -> int:
    return round(min(max(share, 0.0), 1.0) * (steps - 1))


def above(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7 times a power of ten, so that a scale rarely changes."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * each for each in (1, 1.5, 2, 3, 5, 7, 10) if power * each >= value)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to shares of a bar."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, low: float, high: float, name: str) -> Scale:
        """A scale that contains these values.

        `linear` and `log` (of 1 + the value) begin at 0 and end at a round number; `minmax`
        stretches from the lowest value to the highest.
        """
        if name == "minmax":
            return cls(low, high)
        return cls(0.0, above(high), log=name == "log")

    def share(self, value: float) -> float:
        """0 at the scale's start, 1 at its end."""
        if self.log:
            return math.log1p(max(value, 0.0)) / math.log1p(self.high)
        span = self.high - self.low
        return (value - self.low) / span if span > 0 else 1.0

    def __str__(self) -> str:
        kind = " log" if self.log else ""
        return f"bar {number(self.low)}–{number(self.high)}{kind}"


def number(value: float) -> str:
    """A number in about six characters: 0.03, 1.24, 87.3, 3050, 1.2e6."""
    size = abs(value)
    if size >= 1e5 or 0 < size < 0.005:
        return f"{value:.1e}".replace("e+0", "e").replace("e-0", "e-")
    if size >= 1000 or value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"
