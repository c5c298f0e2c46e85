"""The training that a command line describes."""

import argparse
from dataclasses import replace

import torch
from rich.console import Console
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from mav_engine.errors import MavError
from training.data import CorpusError, WindowStream, load_sources
from training.evaluate import load_held_out
from training.loop import OnStep, Trainer, has_fast_bfloat16
from training.model import load_model, model_shape, new_model
from training.options import given
from training.release import release
from training.report import Report
from training.settings import ModelShape, Recipe, Runtime
from training.state import STATE_FILE, StateError, load_state
from training.tokenizer import TOKENIZER_FILE, corpus_texts, load_tokenizer, train_tokenizer
from training.watching import watch_of, watched

MODEL_FOLDER = "model"
EXIT_UNUSABLE = 2
EXIT_STOPPED = 130


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


def run(options: argparse.Namespace, on_step: OnStep | None = None) -> int:
    """Carry out a parsed command line and report errors in one line; returns the exit status."""
    console = Console()
    transformers_logging.disable_progress_bar()
    try:
        return train(options, console, on_step)
    except (CorpusError, StateError, MavError, OSError, ValueError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return EXIT_UNUSABLE
