"""The training watched by the engine that the model is for: its runs go into a recording."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from mav_engine.errors import InvalidSettings
from mav_engine.training import TrainingWatch
from training.data import END_OF_TEXT
from training.loop import OnStep, Trainer
from training.options import WATCH_FILE, WATCH_PROMPTS


def watch_of(
    options: argparse.Namespace, tokenizer: Tokenizer, console: Console
) -> TrainingWatch | None:
    """What was asked for on the command line; a resumed run goes on with its recording.

    Raises:
        InvalidSettings: an option is wrong.
    """
    if options.watch_stream and options.watch_steps == 0:
        raise InvalidSettings(
            "--watch-stream has nothing to send: add --watch-steps N.", field="watch_steps"
        )
    if options.watch_steps == 0:
        return None
    return TrainingWatch(
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            bos_token=END_OF_TEXT,
            eos_token=END_OF_TEXT,
            clean_up_tokenization_spaces=False,
        ),
        options.watch_prompt or WATCH_PROMPTS,
        every=options.watch_steps,
        also=options.watch_also,
        recording=options.out / WATCH_FILE,
        append=options.resume,
        stream=options.watch_stream,
        console=console,
        **({"capture": options.watch_capture} if options.watch_capture else {}),
    )


@contextmanager
def watched(
    watch: TrainingWatch | None, trainer: Trainer, on_step: OnStep | None
) -> Iterator[OnStep | None]:
    """What is to be called after each step, for the time of a training."""
    if watch is None:
        yield on_step
        return
    watch.begin(trainer.model, trainer.step)

    def both(step: int, model: LlamaForCausalLM, loss: float) -> None:
        watch.step(model, step, loss=loss)
        if on_step is not None:
            on_step(step, model, loss)

    try:
        yield both
    finally:
        watch.end()
