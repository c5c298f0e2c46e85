"""Options that several commands share. Defaults are those of OpenMAV where it has the option."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mav_engine.commands.model_lookup import complete_model

RUN, SAMPLING, DISPLAY, OUTPUT = "What to run", "Sampling", "What you see", "Output"


def complete_panel(incomplete: str) -> list[str]:
    """Names for the shell's completion, the last of several."""
    from mav_engine.terminal.registry import PANELS

    done, comma, begun = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in PANELS.names() if name.startswith(begun)]


Model = Annotated[
    str | None,
    typer.Option(
        help="A hub name, a folder, a GGUF file, ollama:NAME or mav-tiny; NAME@int8 loads it in "
        "another precision. "
        r"\[default: mav-tiny]",
        rich_help_panel=RUN,
        show_default=False,
        autocompletion=complete_model,
    ),
]
Prompt = Annotated[str, typer.Option(help="The text to continue.", rich_help_panel=RUN)]
MaxNewTokens = Annotated[
    int, typer.Option(help="The maximum number of tokens to generate.", rich_help_panel=RUN)
]
Device = Annotated[
    str,
    typer.Option(
        help="cpu, cuda, mps, auto (the best available), or spread (all of them).",
        rich_help_panel=RUN,
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        help="The backend: transformers, or one of a plugin (mav plugins).", rich_help_panel=RUN
    ),
]
Seed = Annotated[
    int,
    typer.Option(help="The same seed and settings give the same text.", rich_help_panel=SAMPLING),
]
Temperature = Annotated[
    float,
    typer.Option(
        "--temp",
        "--temperature",
        help="0 always chooses the likeliest token; higher is more random.",
        rich_help_panel=SAMPLING,
    ),
]
TopK = Annotated[
    int,
    typer.Option(
        help="Sample from the k likeliest tokens only; 0 is off.", rich_help_panel=SAMPLING
    ),
]
TopP = Annotated[
    float,
    typer.Option(
        help="Sample from the likeliest tokens with this total probability; 1 is off.",
        rich_help_panel=SAMPLING,
    ),
]
MinP = Annotated[
    float,
    typer.Option(
        help="Drop tokens below this fraction of the likeliest; 0 is off.", rich_help_panel=SAMPLING
    ),
]
RepetitionPenalty = Annotated[
    float,
    typer.Option(
        help="Above 1, tokens of the text become less likely; 1 is off.", rich_help_panel=SAMPLING
    ),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(help="Stop when the text contains this; repeatable.", rich_help_panel=SAMPLING),
]
SelectedPanels = Annotated[
    str | None,
    typer.Option(
        help="Panel names, separated by spaces or commas: generated_text top_predictions "
        "output_distribution mlp_activations attention_entropy (these by default) resid_norms "
        "logit_lens attention_heads tiles.",
        rich_help_panel=DISPLAY,
        show_default=False,
        autocompletion=complete_panel,
    ),
]
NumGridRows = Annotated[
    int, typer.Option(help="Rows of panels.", metavar="N", rich_help_panel=DISPLAY, min=1, max=20)
]
RefreshRate = Annotated[
    float,
    typer.Option(
        help="Minimum seconds per token.", metavar="SECONDS", rich_help_panel=DISPLAY, min=0
    ),
]
Interactive = Annotated[
    bool,
    typer.Option(
        "--interactive",
        help="Step with Enter, go back with b, fork with 1 to 9, quit with q.",
        rich_help_panel=DISPLAY,
    ),
]
Scale = Annotated[
    Literal["linear", "log", "minmax"],
    typer.Option(help="Scale of the bars.", rich_help_panel=DISPLAY),
]
Aggregation = Annotated[
    Literal["l2", "max_abs", "mean_abs", "rms"],
    typer.Option(help="How a layer's vector is reduced to one number.", rich_help_panel=DISPLAY),
]
LimitChars = Annotated[
    int,
    typer.Option(help="Characters of text to show.", metavar="N", rich_help_panel=DISPLAY, min=1),
]
MaxBarLength = Annotated[
    int,
    typer.Option(
        help="Length of the longest bar in characters.", metavar="N", rich_help_panel=DISPLAY, min=1
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Write events as JSON lines; the default if output is not a terminal.",
        rich_help_panel=OUTPUT,
    ),
]
Record = Annotated[
    Path | None,
    typer.Option(
        help="Also save the run to this file (.jsonl, .jsonl.gz).", rich_help_panel=OUTPUT
    ),
]
