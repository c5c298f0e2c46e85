"""From a finished run to the folder that is shipped: weights, scores, samples, model card."""

import shutil
from pathlib import Path

from tokenizers import Tokenizer

from training.card import CardFacts, render_card
from training.evaluate import load_held_out, measure
from training.export import export_model
from training.loop import Trainer
from training.model import load_model, model_shape
from training.samples import card_samples

# Also the longer window, because a model is used with its whole context.
CARD_WINDOWS = (256, 512)


def release(trainer: Trainer, tokenizer: Tokenizer, corpus: Path, folder: Path) -> str:
    """Write the shipped model folder; returns its scores as lines of text.

    Scores and samples are taken from the folder as written (float16), so that whoever has it
    can repeat them.
    """
    export_model(trainer.model, tokenizer, folder)
    for attribution in sorted(corpus.glob("*_ATTRIBUTION.tsv")):
        shutil.copyfile(attribution, folder / attribution.name)
    model = load_model(folder)
    held_out = load_held_out(corpus, tokenizer)
    windows = sorted({min(window, model_shape(model).context) for window in CARD_WINDOWS})
    scores = {window: measure(model, held_out, window) for window in windows}
    facts = CardFacts(
        shape=model_shape(model),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        recipe=trainer.recipe,
        tokens_seen=trainer.tokens_seen,
        passes=trainer.passes,
        scores=scores,
        samples=card_samples(model, tokenizer),
    )
    (folder / "README.md").write_text(render_card(facts), encoding="utf-8")
    return "\n".join(
        f"{score.nats_per_token:.4f} nats/token = {score.bits_per_character:.4f} bits/character "
        f"in windows of {window}"
        for window, score in scores.items()
    )
