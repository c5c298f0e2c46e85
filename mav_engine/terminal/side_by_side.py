"""Two runs in lockstep, with a line per token."""

from __future__ import annotations

from rich.text import Text

from mav_engine.compare.events import Common, Compared, Divergence
from mav_engine.contract.events import Token
from mav_engine.terminal.bars import bar
from mav_engine.terminal.labels import fitted, label
from mav_engine.terminal.rows import ACCENT, CHOSEN, QUIET

FULL_NATS = 1.0
"""The divergence of a full bar; shown in the heading."""
_LONGEST = 24


def heading(common: Common, width: int) -> Text:
    """The column headings, and a note if a column is empty."""
    length = _length(width)
    columns = f"{'':>4}  {'a':<12} {'b':<12} {'KL a‖b':>8}  "
    line = Text(columns, style="bold")
    line.append(fitted(f"0–{FULL_NATS:g} nat", length) if length else "", style=QUIET)
    line.append(f" {'rank in b':>9}")
    if common.kl_absent:
        line.append(f"\n      no divergence: {common.kl_absent}", style="not bold yellow")
    return line


def row(divergence: Divergence, a: Token, b: Token, width: int) -> Text:
    """The line of a token: both tokens and their divergence."""
    same = a.token.id == b.token.id
    line = Text(f"{divergence.index:>4}  ", style=QUIET)
    line.append(f"{fitted(label(a.token.text), 12)} ", style="not dim")
    # In forced mode both tokens are equal, so show b's likeliest token.
    other = b.top[0] if b.forced else b.token
    marked = CHOSEN if other.id != a.token.id or not same else QUIET
    line.append(f"{fitted(label(other.text), 12)} ", style=marked)
    kl = divergence.kl
    line.append(f"{'–' if kl is None else f'{kl:.4f}':>8}  ", style="not dim")
    length = _length(width)
    drawn = bar((kl or 0.0) / FULL_NATS, length)
    shade = ACCENT if divergence.same_text else "yellow"
    line.append(fitted(drawn, length), style=f"{shade} not dim")
    rank = "–" if divergence.rank is None else str(divergence.rank)
    return line.append(f" {rank:>9}", style=QUIET)


def summary(compared: Compared) -> Text:
    """How far apart the two were over all."""
    parts = [f"{compared.steps} tokens"]
    if compared.mean_kl is not None and compared.max_kl is not None:
        parts.append(f"KL mean {compared.mean_kl:.4f}, most {compared.max_kl:.4f} nats")
    if compared.same_top is not None:
        parts.append(f"same likeliest token {compared.same_top:.0%}")
    at = compared.parted_at
    parts.append("same text" if at is None else f"texts part at token {at}")
    return Text(f"      {' · '.join(parts)}", style="bold")


def _length(width: int) -> int:
    return max(0, min(_LONGEST, width - 51))
