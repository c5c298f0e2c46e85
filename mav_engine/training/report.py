"""The report of a watched training on the terminal: what the model writes at each snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mav_engine.characters import legible
from mav_engine.contract.events import Error
from mav_engine.results.result import RunRecord

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class TrainingReport:
    """Some lines a look."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console as Terminal

        # In a notebook rich would publish each line as an output of its own; as text on stderr the
        # lines are one output.
        self._console = console or Terminal(stderr=True, force_jupyter=False)

    def snapshot(
        self, step: int, loss: float | None, records: Sequence[RunRecord], share: float
    ) -> None:
        """Tell what the model says to each prompt, and how well it reads the prompt itself."""
        from rich.text import Text

        head = Text.assemble(("mav ", "bold cyan"), (f"step {step}", "bold"))
        if loss is not None:
            head.append(f" · loss {loss:.4f}")
        head.append(f" · watching {share:.1%} of the time", style="dim")
        self._console.print(head)
        for record in records:
            self._console.print(_told(record), soft_wrap=True)

    def end(self, cost: str) -> None:
        """Tell what it took."""
        from rich.text import Text

        self._console.print(Text.assemble(("mav ", "bold cyan"), (cost, "dim")))


def _told(record: RunRecord) -> Text:
    from rich.text import Text

    line = Text("  ")
    read = record.start.settings.prompt if record.start is not None else None
    line.append(_on_one_line(read or ""), style="dim").append(_on_one_line(record.text))
    if isinstance(record.end, Error):
        return line.append(f"  {record.end.title}: {_on_one_line(record.end.detail)}", style="red")
    expected = [each.logprob for each in record.prompt.tokens] if record.prompt else []
    known = [each for each in expected if each is not None]
    if known:
        line.append(f"  reads {-sum(known) / len(known):.2f}", style="yellow")
    if record.tokens:
        said = -sum(each.logprob or 0.0 for each in record.tokens) / len(record.tokens)
        line.append(f"  says {said:.2f}", style="yellow")
    return line.append(" nats a token", style="dim")


def _on_one_line(text: str) -> str:
    return legible(text).replace("\n", "↵").replace("\t", " ")
