"""`python -m bench.precision`: the embedded model's loss in each precision, on a short story.

The loss is the mean of −ln p over the tokens of the text, in nats. A precision whose package is not
installed is left out.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from bench import results
from bench.threads import use_threads
from mav_engine import MavError, RunSettings, run
from mav_engine.backends import load_backend
from mav_engine.contract.events import Prompt
from mav_engine.settings import DEFAULT_MODEL

PRECISIONS = ("float32", "bfloat16", "int8", "int8-dynamic")

STORY = (
    "Once upon a time, there was a little girl named Lily. She had a red ball and a small dog "
    "named Max. One day, Lily and Max went to the park to play. Lily threw the ball very far. Max "
    "ran and ran, but he could not find it. Lily was sad. Then a big bird came down from a tree. "
    'The bird said, "I saw your ball. It is in the pond." Lily and Max went to the pond. They saw '
    'the ball in the water. A kind man helped them get it with a long stick. "Thank you," said '
    "Lily. She was happy again. They played with the ball until the sun went down. Then they went "
    "home, and Lily told her mom about the bird and the kind man. Her mom smiled and gave her a "
    "big hug."
)


def loss(precision: str) -> float:
    """Mean −ln p of the text's tokens, in nats."""
    backend = load_backend(DEFAULT_MODEL, dtype=precision)
    events = run(RunSettings(prompt=STORY, max_new_tokens=1), backend=backend)
    prompt = next(event for event in events if isinstance(event, Prompt))
    logprobs = [token.logprob for token in prompt.tokens if token.logprob is not None]
    return -float(np.mean(logprobs))


def main(
    threads: Annotated[int, typer.Option(help="Threads that a model may use.")] = 2,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/precision.json, for `make figures`.")
    ] = False,
) -> None:
    """Print the loss in each precision."""
    use_threads(threads)
    losses = {}
    for precision in PRECISIONS:
        try:
            losses[precision] = round(loss(precision), 3)
        except MavError as error:
            print(f"{precision}: {error}")
        else:
            print(f"{precision}: {losses[precision]:.3f} nats a token")
    if save:
        results.save("precision", results.circumstances(1, threads), losses=losses)


if __name__ == "__main__":
    typer.run(main)
