"""`python -m bench`: tokens per second with full capture, beside plain `model.generate()`.

Both sides run the same weights in the same process, alternating; a row gives the medians and
the median of the ratios of neighbouring runs. Plain is transformers' `generate()`: greedy, SDPA,
its dynamic KV cache. Ours is `run()` with the five default probes, every event built and encoded.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.load import EMBEDDED_MODELS
from mav_engine.events import to_json

EMBEDDED = EMBEDDED_MODELS / "mav-tiny"
PROMPT = "Once upon a time, there was a little girl named Lily. She loved to play"


def _gpt2_sized(folder: Path) -> Path:
    """A GPT-2 of 124 M parameters with random weights, under the embedded tokenizer."""
    torch.manual_seed(0)
    config = AutoConfig.for_model("gpt2", bos_token_id=0, eos_token_id=0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
    return folder


def _plain(folder: Path) -> Callable[[int], float]:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)(PROMPT)["input_ids"]])

    def timed(length: int) -> float:
        began = time.perf_counter()
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=length,
            min_new_tokens=length,
            pad_token_id=0,
        )
        return time.perf_counter() - began

    return timed


def _ours(backend: Backend) -> Callable[[int], float]:
    def timed(length: int) -> float:
        settings = RunSettings(prompt=PROMPT, max_new_tokens=length, min_new_tokens=length)
        began = time.perf_counter()
        for event in run(settings, backend=backend):
            to_json(event)
        return time.perf_counter() - began

    return timed


def _row(name: str, folder: Path, length: int, rounds: int) -> tuple[str, ...]:
    plain, ours = _plain(folder), _ours(load_backend(str(folder)))
    plain(8), ours(8)
    pairs = [(plain(length), ours(length)) for _ in range(rounds)]
    plain_speed = statistics.median(length / pair[0] for pair in pairs)
    our_speed = statistics.median(length / pair[1] for pair in pairs)
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    return name, str(length), f"{plain_speed:.1f}", f"{our_speed:.1f}", f"{ratio:.2f}"


def main(
    rounds: Annotated[int, typer.Option(help="Alternating rounds of each row.")] = 5,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 2,
    length: Annotated[list[int] | None, typer.Option(help="New tokens; repeatable.")] = None,
) -> None:
    """Print tokens per second with full default capture beside plain generate()."""
    torch.set_num_threads(threads)
    table = Table("model", "new tokens", "generate()", "with capture", "ratio")
    with tempfile.TemporaryDirectory() as folder:
        shapes = {"mav-tiny": EMBEDDED, "GPT-2 124M, random": _gpt2_sized(Path(folder))}
        for name, place in shapes.items():
            for new_tokens in length or [32, 128]:
                table.add_row(*_row(name, place, new_tokens, rounds))
    console = Console()
    console.print(table)
    console.print(
        f"{date.today()}, {platform.machine()}, {threads} threads, torch {torch.__version__}; "
        f"tokens per second, median of {rounds} alternating rounds"
    )


if __name__ == "__main__":
    typer.run(main)
