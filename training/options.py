"""The command line of a training.

It is parsed before torch is imported, which takes seconds: `--help` and a wrong option are answered
at once.
"""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from training.settings import ModelShape, Recipe, Runtime

WATCH_FILE = "training.jsonl"
WATCH_PROMPTS = ["Once upon a time, there was"]


def build_parser() -> argparse.ArgumentParser:
    """The command line; every field of the recipe and of the shape is an option."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train the embedded model."
    )
    parser.add_argument("--corpus", type=Path, required=True, help="folder of text files")
    parser.add_argument("--out", type=Path, required=True, help="folder for state, log and model")
    parser.add_argument("--init", type=Path, help="model folder to continue from")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    runtime = parser.add_argument_group("execution")
    runtime.add_argument("--device", default="cpu", help="torch device, e.g. cpu or cuda")
    runtime.add_argument("--threads", type=int, help="processor threads")
    runtime.add_argument("--compile", action="store_true", help="compile the model first")
    runtime.add_argument("--precision", choices=("auto", "bfloat16", "float32"), default="auto")
    runtime.add_argument("--save-seconds", type=float, default=Runtime.save_seconds)
    runtime.add_argument("--evaluate-tokens", type=int, default=Runtime.evaluate_tokens)
    runtime.add_argument(
        "--evaluate-documents", type=int, default=100, help="held-out texts scored on the way"
    )
    _add_watching(parser)
    recipe = parser.add_argument_group("recipe (kept by --resume, which only takes --tokens)")
    for field in (*fields(Recipe), *fields(ModelShape)):
        recipe.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            help=f"default {field.default!r}",
        )
    return parser


def given(options: argparse.Namespace, kind: type[Recipe] | type[ModelShape]) -> dict[str, Any]:
    """The fields of a dataclass that were set on the command line."""
    values = {field.name: getattr(options, field.name) for field in fields(kind)}
    return {name: value for name, value in values.items() if value is not None}


def _add_watching(parser: argparse.ArgumentParser) -> None:
    """What to look at, and how often."""
    watch = parser.add_argument_group(
        "watching", f"runs of the model on its way, shown and kept in {WATCH_FILE}"
    )
    watch.add_argument("--watch-steps", type=int, default=0, help="steps between looks; 0 is off")
    watch.add_argument(
        "--watch-also", type=int, nargs="+", default=[], help="further steps to look at"
    )
    watch.add_argument("--watch-capture", nargs="+", help="probes; default: those of a run")
    watch.add_argument(
        "--watch-stream",
        metavar="URL",
        help="a site that shows them as they are made; its token is MAV_TRAINING_TOKEN",
    )
    watch.add_argument(
        "--watch-prompt", action="append", help=f"may be repeated; default {WATCH_PROMPTS[0]!r}"
    )
