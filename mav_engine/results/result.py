"""A finished run as a pandas frame, numpy arrays or a picture.

record = collect(run(RunSettings(prompt="Once upon a time")))
record.text, record.to_frame(), record.arrays()["mlp_norm"]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mav_engine.contract.events import Done, Error, Event, Prompt, Start, Token
from mav_engine.errors import MissingExtra, RunFailed

if TYPE_CHECKING:
    import pandas as pd

_LAYERS = ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy")
_PLAIN: Mapping[str, Callable[[Token], Any]] = {
    "index": lambda token: token.index,
    "position": lambda token: token.position,
    "id": lambda token: _or_nan(token.token.id),
    "token": lambda token: token.token.text,
    "text": lambda token: token.text,
    "forced": lambda token: token.forced,
    "logprob": lambda token: _or_nan(token.logprob),
    "rank": lambda token: _or_nan(token.rank),
    "entropy": lambda token: _or_nan(token.entropy),
    "effective_tokens": lambda token: _of_distribution(token, "effective_tokens"),
    "kept": lambda token: _of_distribution(token, "kept"),
    "sampled_entropy": lambda token: _of_distribution(token, "sampled_entropy"),
    "attn_entropy_max": lambda token: _or_nan(token.layers.attn_entropy_max),
    "step_ms": lambda token: token.timing.step_ms,
    "capture_ms": lambda token: token.timing.capture_ms,
}
"""One value per token, by the names of the token event."""


_REPR_CHARS = 60
"""Most characters of the text in `repr`."""


@dataclass(repr=False)
class RunRecord:
    """The recorded events of a run. `str` is the text; notebooks show the picture."""

    start: Start | None = None
    prompt: Prompt | None = None
    tokens: list[Token] = field(default_factory=list)
    end: Done | Error | None = None

    def add(self, event: Event) -> None:
        """Add an event."""
        if isinstance(event, Start):
            self.start = event
        elif isinstance(event, Prompt):
            self.prompt = event
        elif isinstance(event, Token):
            self.tokens.append(event)
        elif isinstance(event, Done | Error):
            self.end = event

    def kept(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the same events, each after it was added."""
        for event in events:
            self.add(event)
            yield event

    @property
    def text(self) -> str:
        """The generated text, without the prompt."""
        return "".join(token.text for token in self.tokens)

    @property
    def events(self) -> list[Event]:
        """The events in order, without `queued` events."""
        events = (self.start, self.prompt, *self.tokens, self.end)
        return [event for event in events if event is not None]

    def arrays(self) -> dict[str, np.ndarray]:
        """All measurements, by the names of the token event; axis 0 is the token.

        One value per token: index, position, id, token, text, forced, logprob (nats), rank, entropy
        (nats), effective_tokens, kept, sampled_entropy, attn_entropy_max, step_ms, capture_ms.
        By prediction [tokens, top_n]: top_id, top_text, top_logit, top_prob, top_sampled_prob.
        By layer: resid_norm [tokens, n_layers + 1], mlp_norm and attn_norm [tokens, n_layers],
        attn_entropy [tokens, n_layers, n_heads]; rank_bins [tokens, bins]. Where they were
        captured: attention_rows [tokens, n_layers, n_heads, keys of the last token], tiles
        [tokens, n_layers, height, width], lens_id, lens_prob and lens_rank [tokens, n_layers],
        source_positions [tokens, n_layers + 1, 4], source_weights [tokens, n_layers + 1, 5],
        head_source_positions [tokens, n_layers, n_heads] and head_source_weights [tokens, n_layers,
        n_heads, 2], as in `AttentionSources`. Of the prompt: prompt_id, prompt_logprob,
        prompt_entropy [prompt tokens]. What does not exist is NaN.
        """
        columns = {
            name: np.array([of(each) for each in self.tokens]) for name, of in _PLAIN.items()
        }
        columns |= self._of_top() | self._of_layers() | self._of_lens() | self._of_sources()
        if self.prompt is not None:
            read = self.prompt.tokens
            columns["prompt_id"] = np.array([each.id for each in read])
            columns["prompt_logprob"] = np.array([_or_nan(each.logprob) for each in read])
            columns["prompt_entropy"] = np.array([_or_nan(each.entropy) for each in read])
        return columns

    def columns(self) -> dict[str, np.ndarray]:
        """A value a token in each, by name: what `to_frame` and other tables hold.

        The single values of `arrays()`, the likeliest token (top_id, top_text, top_prob) and a
        column for each layer (`mlp_norm.3`) and head (`attn_entropy.3.0`).
        """
        arrays = self.arrays()
        columns = {name: arrays[name] for name in _PLAIN}
        best = ("top_id", "top_text", "top_prob")
        columns |= {name: arrays[name][:, 0] for name in best if name in arrays}
        for name in _LAYERS:
            columns |= dict(_columns(name, arrays.get(name)))
        return columns

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame with a row a token, indexed by its number, and the columns of `columns`.

        `attrs` holds the model's name and the settings.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtra(
                "to_frame() needs pandas, which is not installed: pip install 'mav-engine[frame]'. "
                "arrays() gives the same numbers without it."
            ) from None
        frame = pd.DataFrame(self.columns()).set_index("index")
        if self.start is not None:
            frame.attrs = {
                "model": self.start.model.name,
                "settings": self.start.settings.model_dump(mode="json"),
            }
        return frame

    def raise_for_error(self) -> RunRecord:
        """Return this record, unless its run failed.

        Raises:
            RunFailed: the run failed.
        """
        if isinstance(self.end, Error):
            raise RunFailed(self.end.detail, field=self.end.field)
        return self

    def svg(self) -> str:
        """The run as an SVG picture: text, surprise and layers."""
        from mav_engine.results.picture import picture

        return picture(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        """One line, which notebooks save with the picture."""
        model = None if self.start is None else self.start.model.name
        end = None if self.end is None else getattr(self.end, "reason", self.end.type)
        text = self.text if len(self.text) <= _REPR_CHARS else self.text[:_REPR_CHARS] + "…"
        return f"RunRecord(model={model!r}, tokens={len(self.tokens)}, end={end!r}, text={text!r})"

    def _repr_html_(self) -> str:
        from mav_engine.results.picture import as_image

        return as_image(self)

    def _of_top(self) -> dict[str, np.ndarray]:
        names = ("id", "text", "logit", "prob", "sampled_prob")
        if not self.tokens:
            return {}
        return {
            f"top_{name}": np.array(
                [[_or_nan(getattr(row, name)) for row in each.top] for each in self.tokens]
            )
            for name in names
        }

    def _of_layers(self) -> dict[str, np.ndarray]:
        found = {name: [getattr(each.layers, name) for each in self.tokens] for name in _LAYERS}
        found["rank_bins"] = [
            None if each.distribution is None else each.distribution.rank_bins
            for each in self.tokens
        ]
        found |= {
            name: [getattr(each, name) for each in self.tokens]
            for name in ("attention_rows", "tiles")
        }
        return {name: _stacked(rows) for name, rows in found.items() if _any(rows)}

    def _of_lens(self) -> dict[str, np.ndarray]:
        rows = [each.logit_lens for each in self.tokens]
        if not rows or any(row is None for row in rows):
            return {}
        return {
            f"lens_{name}": np.array(
                [[_or_nan(getattr(each, name)) for each in row or ()] for row in rows]
            )
            for name in ("id", "prob", "rank")
        }

    def _of_sources(self) -> dict[str, np.ndarray]:
        found = [each.attention_sources for each in self.tokens]
        if not found or any(each is None for each in found):
            return {}
        known = [each for each in found if each is not None]
        fields: dict[str, list[Any]] = {
            "source_positions": [_with_nan(each.positions) for each in known],
            "source_weights": [each.weights for each in known],
            "head_source_positions": [_with_nan(each.head_positions or []) for each in known],
            "head_source_weights": [each.head_weights for each in known],
        }
        return {name: _stacked(rows) for name, rows in fields.items()}


def _with_nan(rows: list[Any]) -> np.ndarray:
    """[rows, longest] of lists of different lengths; missing rows and numbers are NaN."""
    longest = max((len(row) for row in rows if row is not None), default=0)
    padded = [[*(row or []), *[None] * (longest - len(row or []))] for row in rows]
    return np.array(padded, np.float32)


def collect(events: Iterable[Event]) -> RunRecord:
    """Collect the events of a run or a recording."""
    record = RunRecord()
    for event in events:
        record.add(event)
    return record


def _of_distribution(token: Token, name: str) -> Any:
    return math.nan if token.distribution is None else getattr(token.distribution, name)


def _or_nan(value: Any) -> Any:
    return math.nan if value is None else value


def _any(rows: list[Any]) -> bool:
    return any(row is not None for row in rows)


def _stacked(rows: list[Any]) -> np.ndarray:
    """Rows as one array; missing rows and later keys are NaN."""
    known = [row for row in rows if row is not None]
    shape = tuple(max(sizes) for sizes in zip(*(row.shape for row in known), strict=True))
    whole = np.full((len(rows), *shape), np.nan, dtype=np.float32)
    for place, row in enumerate(rows):
        if row is not None:
            whole[place][tuple(slice(size) for size in row.shape)] = row
    return whole


def _columns(name: str, values: np.ndarray | None) -> Iterator[tuple[str, np.ndarray]]:
    if values is None:
        return
    for place in np.ndindex(values.shape[1:]):
        yield ".".join([name, *map(str, place)]), values[(slice(None), *place)]
