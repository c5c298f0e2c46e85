"""Train the embedded model: ``python -m training --corpus DIR --out DIR``."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from mav_engine.errors import MavError
from training.data import CorpusError, WindowStream, load_sources
from training.evaluate import load_held_out
from training.loop import OnStep, Runtime, Trainer, has_fast_bfloat16
from training.model import load_model, model_shape, new_model
from training.release import release
from training.report import Report
from training.settings import ModelShape, Recipe
from training.state import STATE_FILE, StateError, load_state
from training.tokenizer import TOKENIZER_FILE, corpus_texts, load_tokenizer, train_tokenizer
from training.watching import add_options, watch_of, watched

MODEL_FOLDER = "model"
EXIT_UNUSABLE = 2
EXIT_STOPPED = 130


def build_parser() -> argparse.ArgumentParser:
    """The command line; every field of the recipe and of the shape is an option."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
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
    add_options(parser)
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


def check_options(options: argparse.Namespace) -> None:
    """Refuse combinations that would silently ignore an option or overwrite a run.

    Raises:
        StateError: with the remedy in the message.
    """
    if options.resume:
        fixed = {**given(options, Recipe), **given(options, ModelShape)}
        fixed.pop("tokens", None)
        if fixed or options.init:
            names = ", ".join(sorted(fixed) or ["init"])
            raise StateError(f"--resume keeps the stored recipe; leave out: {names}.")
    elif (options.out / STATE_FILE).exists():
        raise StateError(
            f"{options.out} already has a run. Add --resume to go on with it, "
            f"or choose another --out."
        )
    if options.init and given(options, ModelShape):
        raise StateError("--init fixes the model's shape; leave out the shape's options.")


def begin(options: argparse.Namespace, runtime: Runtime) -> tuple[Trainer, Tokenizer]:
    """Set up a new run and put its tokenizer into the output folder."""
    recipe = replace(Recipe(), **given(options, Recipe))
    if options.init:
        tokenizer = load_tokenizer(options.init)
        model = load_model(options.init)
    else:
        shape = replace(ModelShape(), **given(options, ModelShape))
        texts = corpus_texts(options.corpus, recipe.fairy_tale_share)
        tokenizer = train_tokenizer(texts, shape.vocabulary)
        model = new_model(shape, recipe.seed)
    longest = max(recipe.window, recipe.long_window)
    if longest > model_shape(model).context:
        raise StateError(
            f"Windows of {longest} tokens exceed the model's context of "
            f"{model_shape(model).context}. Lower --long-window or --window."
        )
    sources = load_sources(options.corpus, tokenizer, recipe.fairy_tale_share)
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(options.out / TOKENIZER_FILE))
    return Trainer(model, WindowStream(sources, recipe.seed), recipe, runtime), tokenizer


def resume(options: argparse.Namespace, runtime: Runtime) -> tuple[Trainer, Tokenizer]:
    """Set up the run whose state is in the output folder."""
    state, shape, recipe = load_state(options.out)
    tokenizer = load_tokenizer(options.out)
    sources = load_sources(options.corpus, tokenizer, recipe.fairy_tale_share)
    trainer = Trainer(
        new_model(shape, recipe.seed), WindowStream(sources, recipe.seed), recipe, runtime
    )
    trainer.restore(state)
    if options.tokens is not None and options.tokens != recipe.tokens:
        trainer.change_budget(options.tokens)
    return trainer, tokenizer


def train(options: argparse.Namespace, console: Console, on_step: OnStep | None) -> int:
    """Carry out a parsed command line; returns the exit status."""
    check_options(options)
    if options.threads:
        torch.set_num_threads(options.threads)
    fast_bfloat16 = options.precision == "auto" and has_fast_bfloat16(options.device)
    runtime = Runtime(
        device=options.device,
        bfloat16=fast_bfloat16 or options.precision == "bfloat16",
        compile=options.compile,
        save_seconds=options.save_seconds,
        evaluate_tokens=options.evaluate_tokens,
    )
    trainer, tokenizer = (resume if options.resume else begin)(options, runtime)
    on_the_way = load_held_out(options.corpus, tokenizer, options.evaluate_documents)
    with Report(options.out, trainer.recipe.tokens, console) as report:
        report.evaluation(trainer, trainer.evaluate(on_the_way))
        with watched(watch_of(options, tokenizer, console), trainer, on_step) as watched_step:
            finished = trainer.run(on_the_way, options.out, report, watched_step)
    if not finished:
        console.print(
            f"Stopped after {trainer.tokens_seen:,} tokens; the state is saved. Go on with:\n"
            f"python -m training --corpus {options.corpus} --out {options.out} --resume",
            soft_wrap=True,
        )
        return EXIT_STOPPED
    scores = release(trainer, tokenizer, options.corpus, options.out / MODEL_FOLDER)
    console.print(f"The model is in {options.out / MODEL_FOLDER}:\n{scores}", soft_wrap=True)
    return 0


def main(arguments: Sequence[str] | None = None, on_step: OnStep | None = None) -> int:
    """Run the command line; ``on_step(step, model, loss)`` is called after every optimizer step."""
    options = build_parser().parse_args(arguments)
    console = Console()
    transformers_logging.disable_progress_bar()
    try:
        return train(options, console, on_step)
    except (CorpusError, StateError, MavError, OSError, ValueError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return EXIT_UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
