"""What a reader of the table should know of a model type."""

from __future__ import annotations

from tests.sweep.models import Pair

_DRAFTS = "drafts for another model, whose keys and hidden states it must be given"
_AUDIO = (
    "transformers hands the class its whole configuration instead of the decoder's, and fails; it "
    "writes audio codes, not text"
)
NOT_BUILT = {
    "gemma3n": "its vision part needs timm and pillow; the text model is `gemma3n_text`",
    "gemma4_assistant": f"its configuration forbids what its layers ask for; it {_DRAFTS}",
    "musicgen": _AUDIO,
    "musicgen_melody": _AUDIO,
}
"""Types that no small configuration builds here, and why."""

_POSITIONS = "positions from 0, as `generate()` gives them"
_GUESSES = "reads one token more, to be guessed: nothing is told of the prompt's own tokens"
NOTES = {
    "blt": "bytes, patches and bytes again: three stacks, no one residual stream",
    "camembert": _POSITIONS,
    "cpmant": "puts tokens of its own before the text and reads the prompt in both directions",
    "data2vec-text": _POSITIONS,
    "gemma4_unified_assistant": _DRAFTS,
    "granitemoehybrid": "a layer adds up two MLPs: neither alone is its output",
    "hrm_text": "the same layers run several times for a token",
    "longcat_flash": "a layer has two attentions and adds up several MLPs",
    "moshi": "beyond its window `generate()` differs from its own forward pass, which is shown",
    "prophetnet": "predicts several tokens at once in streams beside the text's",
    "reformer": "two reversible streams, the second is shown; attends by chunks and hashes",
    "roberta": _POSITIONS,
    "roberta-prelayernorm": _POSITIONS,
    "xlm": f"{_GUESSES}; attentions and MLPs stand in lists of their own",
    "xlm-roberta": _POSITIONS,
    "xlm-roberta-xl": _POSITIONS,
    "xlnet": f"{_GUESSES}; two streams of attention",
    "xmod": _POSITIONS,
}
_KINDS = {
    "linear_attention": "recurrent or linear attention",
    "conv": "convolution",
    "moe": "experts alone",
    "mlp": "MLP alone",
    "hybrid": "attention beside a recurrence",
}


def notes_of(pair: Pair) -> str:
    """What is told of the type, and what the model itself shows."""
    told = [NOTES[pair.model_type]] if pair.model_type in NOTES else []
    layout = pair.backend._layout
    if layout.parts.blocks and not layout.parts.residual and not told:
        told.append("several residual streams at once")
    kinds = getattr(pair.reference.config.get_text_config(decoder=True), "layer_types", None) or []
    found = [text for kind, text in _KINDS.items() if kind in kinds]
    if found:
        told.append(f"layers of {', '.join(found)}")
    if not layout.reading.cached:
        told.append("reads the whole text again for each token")
    return "; ".join(told)
