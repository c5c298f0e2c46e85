"""What runs against what: each contender writes a text of a given length and lets go of it.

torch is imported in functions: the command line answers `--help` and errors without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.models import PROMPT
from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.contract.events import to_json
from mav_engine.settings import DEFAULT_PROBES

if TYPE_CHECKING:
    import torch

Contender = Callable[[int], object]

ROWS_AND_LENS = (*DEFAULT_PROBES, "attention_rows", "logit_lens")


def plain(folder: Path) -> Contender:
    """transformers' `generate()`: greedy, SDPA, its dynamic KV cache."""
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    ids = _prompt(folder)

    def write(length: int) -> object:
        return model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=length,
            min_new_tokens=length,
            pad_token_id=0,
        )

    return write


def ours(
    backend: Backend, capture: Sequence[str] = DEFAULT_PROBES, *, general: bool = False
) -> Contender:
    """`run()` with every event built and encoded; `general` is the path of any architecture, for a
    backend of transformers."""

    def write(length: int) -> None:
        settings = RunSettings(
            prompt=PROMPT, max_new_tokens=length, min_new_tokens=length, capture=list(capture)
        )
        model: Any = backend
        batch_decoder = model._batch_decoder
        model._batch_decoder = None if general else batch_decoder
        try:
            for event in run(settings, backend=backend):
                to_json(event)
        finally:
            model._batch_decoder = batch_decoder

    return write


def openmav(folder: Path) -> Contender:
    """OpenMAV's way: the whole text again for each token, eager, with all that can be had."""
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    prompt = _prompt(folder)

    @torch.no_grad()
    def write(length: int) -> None:
        ids = prompt
        for _ in range(length):
            output = model(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
            for state in output.hidden_states:
                state[:, -1].norm(dim=-1).tolist()
            for pattern in output.attentions:
                torch.special.entr(pattern).sum(dim=-1).mean().item()
            probs = output.logits[:, -1].softmax(dim=-1)
            probs.topk(20).values.tolist()
            ids = torch.cat([ids, probs.argmax(dim=-1, keepdim=True)], dim=-1)

    return write


def prompt_length(folder: Path) -> int:
    return int(_prompt(folder).shape[1])


def _prompt(folder: Path) -> torch.Tensor:
    import torch
    from transformers import AutoTokenizer

    return torch.tensor([AutoTokenizer.from_pretrained(folder)(PROMPT)["input_ids"]])
