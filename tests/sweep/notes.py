"""Notes on model types, for the table in docs/architectures.md."""

from __future__ import annotations

from tests.sweep.models import Pair

_DRAFTS = "drafts for another model, whose keys and hidden states it must be given"
_AUDIO = (
    "transformers passes the whole configuration to the class instead of the decoder's, and fails; "
    "it generates audio codes, not text"
)
NOT_BUILT = {
    "gemma3n": "its vision part needs timm and pillow; the text model is `gemma3n_text`",
    "gemma4_assistant": f"its configuration forbids what its layers need; it {_DRAFTS}",
    "musicgen": _AUDIO,
    "musicgen_melody": _AUDIO,
}
"""Types that no small configuration builds here, and why."""

_POSITIONS = "positions start at 0, as in `generate()`"
_GUESSES = "takes an extra token and predicts it; the prompt's own tokens are not measured"
NOTES = {
    "blt": "three stacks (bytes, patches, bytes), so there is no single residual stream",
    "camembert": _POSITIONS,
    "cpmant": "puts its own tokens before the text; attention over the prompt is bidirectional",
    "data2vec-text": _POSITIONS,
    "gemma4_unified_assistant": _DRAFTS,
    "granitemoehybrid": "a layer adds the outputs of two MLPs",
    "hrm_text": "the same layers run several times for a token",
    "longcat_flash": "a layer has two attention modules and adds the outputs of several MLPs",
    "moshi": "beyond its window `generate()` differs from the forward pass, which MAV follows",
    "prophetnet": "predicts several tokens at once, in further streams beside that of the text",
    "reformer": "two reversible streams, the second is measured; attention by chunks and hashes",
    "roberta": _POSITIONS,
    "roberta-prelayernorm": _POSITIONS,
    "xlm": f"{_GUESSES}; attention modules and MLPs are in separate lists",
    "xlm-roberta": _POSITIONS,
    "xlm-roberta-xl": _POSITIONS,
    "xlnet": f"{_GUESSES}; two-stream attention",
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
    """The note on a type, and what its layers show."""
    notes = [NOTES[pair.model_type]] if pair.model_type in NOTES else []
    layout = pair.backend._layout
    if layout.parts.blocks and not layout.parts.residual and not notes:
        notes.append("several residual streams")
    kinds = getattr(pair.reference.config.get_text_config(decoder=True), "layer_types", None) or []
    found = [text for kind, text in _KINDS.items() if kind in kinds]
    if found:
        notes.append(f"layers of {', '.join(found)}")
    if not layout.cache_strategy.cached:
        notes.append("computes the whole text again for each token")
    return "; ".join(notes)
