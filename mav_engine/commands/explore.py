"""`mav explore`: a run as files to keep, with the options of Model Interpret Explorer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.ending import ended_by_a_kill, told
from mav_engine.commands.models_here import complete_model

DASHED = {"token_normalize_func": lambda name: name.replace("_", "-")}
"""Options may be written with underscores, as Model Interpret Explorer writes them."""
_ATTENTION = "Attention"


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


_MinNewTokens = Annotated[
    int,
    _option(
        opt.RUN,
        "No end before so many; from then on the text ends with a sentence. More than "
        "--max-new-tokens is all of them.",
        min=0,
    ),
]
_StopOn = Annotated[
    list[str] | None,
    _option(opt.RUN, "End there, after --min-new-tokens, instead of with a sentence; repeatable."),
]
_CompareModel = Annotated[
    str | None,
    _option(
        opt.RUN,
        "A second model, beside the first in every picture.",
        autocompletion=complete_model,
    ),
]
_CompareMode = Annotated[
    Literal["own", "forced"],
    _option(
        opt.RUN,
        "own: the second model writes its own text; forced: it reads the first's, so that both "
        "stand after the same words.",
    ),
]
_NoRepeat = Annotated[
    int, _option(opt.SAMPLING, "No group of so many tokens is written twice; 0 is off.")
]
_BlockEos = Annotated[int, _option(opt.SAMPLING, "No end-of-text in the first so many steps.")]
_BlockWs = Annotated[
    int, _option(opt.SAMPLING, "No token of white space only in the first so many steps.")
]
_TopK = Annotated[
    int, _option(opt.LOOK, "Predictions to show of each step, 1 to 100; draws from all of them.")
]
_ProbsEvery = Annotated[
    int, _option(opt.LOOK, "A picture of the prediction every so many steps; 0 is off.", min=0)
]
_AttnEvery = Annotated[
    int,
    _option(
        _ATTENTION, "A picture of attention every so many steps; 0 is the prompt's alone.", min=0
    ),
]
_AttnLayer = Annotated[
    str, _option(_ATTENTION, "Layers to show: last, all, or numbers from 0 with commas.")
]
_AttnHead = Annotated[
    str, _option(_ATTENTION, "Heads to show: mean of all, all, or numbers from 0 with commas.")
]
_OutDir = Annotated[Path, _option(opt.OUTPUT, "The folder for all files; made if need be.")]
_Json = Annotated[
    bool,
    _option(
        opt.OUTPUT, "Tell each file as a JSON line, as also where output is no terminal.", "--json"
    ),
]


def explore(
    context: typer.Context,
    prompt: opt.Prompt = "Once upon a time",
    model: opt.Model = None,
    compare_model: _CompareModel = None,
    compare_mode: _CompareMode = "own",
    max_new_tokens: opt.MaxNewTokens = 30,
    min_new_tokens: _MinNewTokens = 40,
    stop_on: _StopOn = None,
    device: opt.Device = "cpu",
    backend: opt.Backend = "transformers",
    temperature: opt.Temperature = 0.8,
    top_p: opt.TopP = 0.9,
    repetition_penalty: opt.RepetitionPenalty = 1.1,
    no_repeat_ngram_size: _NoRepeat = 3,
    block_eos_steps: _BlockEos = 5,
    block_ws_steps: _BlockWs = 8,
    seed: opt.Seed = 42,
    topk: _TopK = 20,
    probs_every: _ProbsEvery = 10,
    attn_every: _AttnEvery = 0,
    attn_layer: _AttnLayer = "last",
    attn_head: _AttnHead = "mean",
    outdir: _OutDir = Path("explore"),
    as_json: _Json = False,
) -> None:
    """Run a model and keep its insides as files: a trace, PNG and SVG, a page that replays it.

    \b
    [bold]Examples[/bold]
      mav explore --prompt "The little fox"              all files into ./explore
      mav explore --model gpt2 --attn_every 10           attention as it goes on
      mav explore --attn-layer all --attn-head all       every head of every layer
      mav explore --compare-model mav-tiny@int8-dynamic  two models side by side
      mav explore --compare-model ./mine --compare-mode forced  both on one text
    """
    from mav_engine.commands.exploring import explored

    with told(), ended_by_a_kill():
        explored(context.params)
