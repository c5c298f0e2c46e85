"""Text that a model writes, with everything needed to write it again."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from training.data import END_OF_TEXT_ID

NEW_TOKENS = 200
TEMPERATURE = 0.8
TOP_P = 0.95
OPENING = "Once upon a time, there was"


@dataclass(frozen=True)
class Sample:
    """A prompt, how it was continued, and the continuation.

    ``seed`` is that of the random draw, or None for greedy decoding.
    """

    prompt: str
    seed: int | None
    continuation: str


# The samples of a model card. The seeds are simply 0, 1, 2: nothing is picked by its result.
CARD_SAMPLES: tuple[tuple[str, int | None], ...] = (
    (OPENING, None),
    ("Tom had a red kite. One windy day,", None),
    (OPENING, 0),
    (OPENING, 1),
    ("The old bear could not sleep because", 2),
)


@torch.no_grad()
def write_sample(
    model: LlamaForCausalLM, tokenizer: Tokenizer, prompt: str, seed: int | None
) -> Sample:
    """Continue a prompt by up to 200 tokens, or until the model ends the text.

    The text also ends where the model's context does. Sampling uses torch's global generator,
    seeded inside a fork, so that the caller's is kept.
    """
    ids = torch.tensor([tokenizer.encode(prompt).ids], device=model.device)
    settings = (
        {"do_sample": False}
        if seed is None
        else {"do_sample": True, "temperature": TEMPERATURE, "top_p": TOP_P, "top_k": 0}
    )
    model.eval()
    with torch.random.fork_rng():
        torch.manual_seed(0 if seed is None else seed)
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=min(NEW_TOKENS, model.config.max_position_embeddings - ids.shape[1]),
            pad_token_id=END_OF_TEXT_ID,
            **settings,
        )
    continuation = tokenizer.decode(written[0, ids.shape[1] :].tolist(), skip_special_tokens=True)
    return Sample(prompt=prompt, seed=seed, continuation=continuation)


def card_samples(model: LlamaForCausalLM, tokenizer: Tokenizer) -> list[Sample]:
    """The samples of the model card, in order, each the first one drawn."""
    return [write_sample(model, tokenizer, prompt, seed) for prompt, seed in CARD_SAMPLES]
