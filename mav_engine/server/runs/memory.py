"""Admits runs by the memory that they may need, before anything is computed.

An estimate is what a run can need at most: its text has the greatest length that its settings
allow. The share of the weights, of the prefix cache and of the process itself is not in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, fields

from mav_engine.config import ServerConfig
from mav_engine.errors import Busy, InvalidSettings
from mav_engine.probes.attention_map import due_maps, mapped_length
from mav_engine.running.chat_run import PreparedChatRun
from mav_engine.running.prepare import PreparedRun
from mav_engine.server.runs.available_memory import available_memory, device_memory
from mav_engine.server.runs.run_queue import RETRY_AFTER_S

HOST = "cpu"
FLOAT = 4
"""Bytes of a number of a measurement; keys and values of MAV's own decoder are float32 too."""
SMALLEST_SLOT = 256
"""Positions of the KV cache that a run has at least; a longer text gets the next power of two."""
COLUMNS = 32
"""Positions of a prompt that are measured in one pass."""
EVENT_BYTES = 2_000
"""Encoded bytes of a token's event, arrays that are captured left out."""
ENCODED = 4 / 3
"""Bytes of a number on the wire, at most: half precision in base64 with half a byte to spare."""
SHARE = 0.5
"""Share of the memory that is available at the start, for the runs."""
DEVICE_SHARE = 0.9
"""Share of a GPU's memory that is free before its first run; the models are in it already."""


@dataclass(frozen=True, slots=True)
class RunMemory:
    """Bytes that a run may need."""

    device: str
    """Where the keys and values are."""
    cache: int
    """Keys and values of the text."""
    maps: int
    """Attention maps, which grow with the square of the text."""
    tiles: int
    """Directions of the layer tiles."""
    captures: int
    """Tensors of a pass, and what the probes compute of them."""
    events: int
    """Encoded events that are kept for watchers."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.cache + self.maps + self.tiles + self.captures + self.events

    def on(self, device: str) -> int:
        """Bytes on a device."""
        of_cache = self.cache if self.device == device else 0
        return of_cache + (self.total - self.cache if device == HOST else 0)

    @property
    def largest(self) -> str:
        """The name of the largest part."""
        parts = [each.name for each in fields(self) if each.name != "device"]
        return max(parts, key=lambda name: int(getattr(self, name)))


def run_memory(prepared: PreparedRun | PreparedChatRun, keep_bytes: int) -> RunMemory:
    """What a run may need.

    Args:
        prepared: the run, whose model is loaded.
        keep_bytes: most bytes of events that the server keeps.
    """
    settings, info = prepared.settings, prepared.backend.info
    layers, heads, width = info.layers or 0, info.heads or 0, info.d_model or 0
    vocabulary = info.vocabulary or 0
    capture = frozenset(settings.capture)
    read = len(prepared.read_ids)
    new = max(prepared.limit - len(prepared.written), 0)
    length = read + new
    of_head = width / heads if heads else 0.0
    kv_heads = info.kv_heads or heads
    slot = max(SMALLEST_SLOT, 1 << max(length - 1, 0).bit_length())
    on_gpu = (info.device or HOST).startswith("cuda")
    number = 2 if on_gpu and info.dtype != "float32" else FLOAT
    cache = number * 2 * layers * kv_heads * of_head * (length if number == 2 else slot)

    points = {point for probe in prepared.probes for point in probe.points(settings)}
    rows = layers * heads * length if "pattern" in points else 0
    vectors = (layers + 1) * width * len(points & {"resid", "mlp_out", "attn_out"})
    lens = layers * vocabulary if "lens" in points else 0
    step = rows + vectors + lens + vocabulary
    # A pass over the prompt keeps those of its measured positions; probes work on copies.
    captures = FLOAT * step * (2 + min(read, COLUMNS))

    cells = settings.tile.height * settings.tile.width if "tiles" in capture else 0
    # The components of "pca", before the directions are taken of them.
    tiles = 2 * FLOAT * layers * cells * width

    maps = kept_maps = 0.0
    if "attention_map" in capture:
        mapped = mapped_length(read, new, settings.attn_every)
        squares = layers * heads * mapped**2
        # The map as it grows, that of the prompt beside it, and the encoded one.
        maps = FLOAT * (squares + layers * heads * read**2) + 2 * ENCODED * squares
        lengths = (read, *(read + index for index in due_maps(new, settings.attn_every)))
        kept_maps = ENCODED * layers * heads * sum(each**2 for each in lengths)
    of_token = EVENT_BYTES + ENCODED * layers * cells
    of_token += ENCODED * rows if "attention_rows" in capture else 0
    events = min(keep_bytes, of_token * new + kept_maps)
    return RunMemory(
        device=str(info.device) if on_gpu else HOST,
        cache=round(cache),
        maps=round(maps),
        tiles=round(tiles),
        captures=round(captures),
        events=round(events),
    )


class MemoryBudget:
    """The memory of all active runs. Safe to use from any thread.

    Args:
        limit: most bytes on the machine, or None for no limit.
        free_on: returns the free bytes of another device, or None.
    """

    def __init__(
        self, limit: int | None, free_on: Callable[[str], int | None] = device_memory
    ) -> None:
        self._limits: dict[str, int | None] = {HOST: limit}
        self._free_on = free_on
        self._taken: dict[object, RunMemory] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, config: ServerConfig) -> MemoryBudget:
        """The configured budget, or by default half of what is available now."""
        if config.run_memory is not None:
            return cls(config.run_memory or None)
        available = available_memory()
        return cls(None if available is None else int(SHARE * available))

    @property
    def taken(self) -> int:
        """Bytes that active runs may need."""
        with self._lock:
            return sum(each.total for each in self._taken.values())

    @property
    def limit(self) -> int | None:
        """Most bytes on the machine."""
        return self._limits[HOST]

    def check(self, prepared: PreparedRun | PreparedChatRun, needed: RunMemory) -> None:
        """Check that a run fits if it is alone.

        Raises:
            InvalidSettings: it does not; `field` is what makes it large.
        """
        for device in {HOST, needed.device}:
            limit = self._limit_on(device)
            if limit is not None and needed.on(device) > limit:
                raise _too_large(prepared, needed, needed.on(device), limit)

    def take(self, owner: object, needed: RunMemory, partner: object = None) -> None:
        """Take the memory of a run until `give_back`. May be called repeatedly.

        Args:
            owner: the run.
            needed: what it needs.
            partner: the run that it is compared with.

        Raises:
            Busy: other runs have it.
            InvalidSettings: both runs of the comparison do not fit together.
        """
        for device in {HOST, needed.device}:
            limit = self._limit_on(device)
            with self._lock:
                others = {key: each for key, each in self._taken.items() if key is not owner}
                of_partner = others.pop(partner).on(device) if partner in others else 0
                of_others = sum(each.on(device) for each in others.values())
            own = needed.on(device)
            if limit is None or own + of_partner + of_others <= limit:
                continue
            if own + of_partner > limit:
                raise InvalidSettings(
                    f"Both runs of this comparison may need {_size(own + of_partner)} of memory, "
                    f"but this server has {_size(limit)} for runs (MAV_RUN_MEMORY). Lower "
                    "max_new_tokens, shorten the prompt, or capture less.",
                    field="max_new_tokens",
                )
            raise Busy(
                f"This run may need {_size(own)} of memory; active runs have "
                f"{_size(of_partner + of_others)} of the {_size(limit)} that this server has for "
                f"runs (MAV_RUN_MEMORY). Try again in {RETRY_AFTER_S:.0f} seconds, ask for fewer "
                "tokens, or capture less.",
                retry_after_s=RETRY_AFTER_S,
            )
        with self._lock:
            self._taken[owner] = needed

    def give_back(self, owner: object) -> None:
        """Give the memory of a run back, if it has any."""
        with self._lock:
            self._taken.pop(owner, None)

    def _limit_on(self, device: str) -> int | None:
        if device not in self._limits:
            free = self._free_on(device)
            self._limits[device] = None if free is None else int(DEVICE_SHARE * free)
        return self._limits[device]


def _too_large(
    prepared: PreparedRun | PreparedChatRun, needed: RunMemory, size: int, limit: int
) -> InvalidSettings:
    settings = prepared.settings
    read, new = len(prepared.read_ids), prepared.limit - len(prepared.written)
    text = "prompt" if settings.messages is None else "messages"
    by_length = "max_new_tokens" if new >= read else text
    lower = f"Lower max_new_tokens (it is {settings.max_new_tokens}) or shorten the {text}"
    field, what, remedy = {
        "cache": (by_length, "its keys and values", lower),
        "maps": (
            "attn_every" if settings.attn_every else "capture",
            "its attention maps",
            "Raise attn_every, or capture attention_rows instead of attention_map",
        ),
        "tiles": ("tile", "its tiles", "Lower tile.height and tile.width"),
        "captures": ("capture", "what it captures of a pass", "Capture less, above all logit_lens"),
        "events": (by_length, "its events", lower),
    }[needed.largest]
    return InvalidSettings(
        f"This run may need {_size(size)} of memory, most of it for {what}, but this server has "
        f"{_size(limit)} for runs (MAV_RUN_MEMORY). {remedy}.",
        field=field,
    )


def _size(number: int) -> str:
    return f"{number / 1e6:,.0f} MB" if number < 10**10 else f"{number / 1e9:,.0f} GB"
