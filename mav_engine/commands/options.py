"""Options that several commands take; defaults are OpenMAV's where it has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mav_engine.commands.models_here import complete_model

RUN, SAMPLING, LOOK, OUTPUT = "What to run", "Sampling", "What you see", "Output"


def complete_panel(incomplete: str) -> list[str]:
    """Names for the shell's completion, the last of several."""
    from mav_engine.terminal.registry import names

    done, comma, begun = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in names() if name.startswith(begun)]


Model = Annotated[
    str | None,
    typer.Option(
        help="A hub name, a folder or mav-tiny; NAME@int8 loads it in another precision. "
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
        help="cpu, cuda, mps, auto for the best there is, or spread over all.", rich_help_panel=RUN
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        help="What runs the model: transformers, or a plugin's (mav plugins).", rich_help_panel=RUN
    ),
]
Seed = Annotated[
    int, typer.Option(help="The same seed and settings write the same.", rich_help_panel=SAMPLING)
]
Temperature = Annotated[
    float,
    typer.Option(
        "--temp",
        "--temperature",
        help="0 always takes the likeliest token; higher chooses more freely.",
        rich_help_panel=SAMPLING,
    ),
]
TopK = Annotated[
    int, typer.Option(help="Draw only from the k likeliest; 0 is off.", rich_help_panel=SAMPLING)
]
TopP = Annotated[
    float,
    typer.Option(
        help="Draw only from the likeliest that together hold this much; 1 is off.",
        rich_help_panel=SAMPLING,
    ),
]
MinP = Annotated[
    float,
    typer.Option(
        help="Drop tokens below this share of the likeliest; 0 is off.", rich_help_panel=SAMPLING
    ),
]
RepetitionPenalty = Annotated[
    float,
    typer.Option(
        help="Above 1 makes tokens of the text less likely; 1 is off.", rich_help_panel=SAMPLING
    ),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(help="End once the text holds this; repeatable.", rich_help_panel=SAMPLING),
]
SelectedPanels = Annotated[
    str | None,
    typer.Option(
        help="Panels by name, after one another or with commas: generated_text top_predictions "
        "output_distribution mlp_activations attention_entropy (these by default) resid_norms "
        "logit_lens attention_heads tiles.",
        rich_help_panel=LOOK,
        show_default=False,
        autocompletion=complete_panel,
    ),
]
NumGridRows = Annotated[
    int, typer.Option(help="Rows of panels.", metavar="N", rich_help_panel=LOOK, min=1, max=20)
]
RefreshRate = Annotated[
    float,
    typer.Option(
        help="Seconds that a token stays at least.", metavar="SECONDS", rich_help_panel=LOOK, min=0
    ),
]
Interactive = Annotated[
    bool,
    typer.Option(
        "--interactive",
        help="Step with Enter, go back with b, fork with 1 to 9, quit with q.",
        rich_help_panel=LOOK,
    ),
]
Scale = Annotated[
    Literal["linear", "log", "minmax"],
    typer.Option(help="How bars grow with their number.", rich_help_panel=LOOK),
]
Aggregation = Annotated[
    Literal["l2", "max_abs", "mean_abs", "rms"],
    typer.Option(help="How a layer's vector becomes one number.", rich_help_panel=LOOK),
]
LimitChars = Annotated[
    int, typer.Option(help="Characters of text to show.", metavar="N", rich_help_panel=LOOK, min=1)
]
MaxBarLength = Annotated[
    int,
    typer.Option(help="Characters of the longest bar.", metavar="N", rich_help_panel=LOOK, min=1),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Write the events as JSON lines, as also where output is no terminal.",
        rich_help_panel=OUTPUT,
    ),
]
Record = Annotated[
    Path | None,
    typer.Option(
        help="Write the run into this file (.jsonl, .jsonl.gz) too.", rich_help_panel=OUTPUT
    ),
]
