"""Where the truth is read in the reference models: read off transformers' sources, type by type.

The engine finds its parts by rules; this table is written out by hand so that the two can
disagree. Paths are relative to a block; a path that a block lacks means that it has no such part.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """Paths of the list of blocks and, in a block, of what makes each output."""

    blocks: str = "model.layers"
    attention: str | None = "self_attn"
    mlp: str | None = "mlp"
    looks: str | None = None
    """The module that attends, where it is another than the one with the output."""


_BART = Places("model.decoder.layers", "self_attn", "fc2")


def _bert(root: str) -> Places:
    return Places(
        f"{root}.encoder.layer", "attention.output.dense", "output.dense", "attention.self"
    )


_GPT2 = Places("transformer.h", "attn", "mlp")
_LANGUAGE_MODEL = Places("model.language_model.layers")
_MAMBA = Places("backbone.layers", None, None)

PLACES: dict[str, Places] = {
    "bamba": Places(mlp="feed_forward"),
    "bart": _BART,
    "bert": _bert("bert"),
    "bert-generation": _bert("bert"),
    "big_bird": _bert("bert"),
    "bigbird_pegasus": _BART,
    "biogpt": Places("biogpt.layers", "self_attn", "fc2"),
    "blenderbot": _BART,
    "blenderbot-small": _BART,
    "bloom": Places("transformer.h", "self_attention.dense", "mlp.dense_4h_to_h", "self_attention"),
    "camembert": _bert("roberta"),
    "codegen": _GPT2,
    "cpmant": Places(
        "cpmant.encoder.layers", "self_att.self_attention", "ffn.ffn", "self_att.self_attention"
    ),
    "ctrl": Places("transformer.h", "multi_head_attention", "ffn"),
    "data2vec-text": _bert("data2vec_text"),
    "dbrx": Places("transformer.blocks", "norm_attn_norm.attn", "ffn"),
    "electra": _bert("electra"),
    "ernie": _bert("ernie"),
    "falcon": Places("transformer.h", "self_attention", "mlp"),
    "falcon_h1": Places(mlp="feed_forward"),
    "falcon_mamba": _MAMBA,
    "fuyu": _LANGUAGE_MODEL,
    "gemma3": _LANGUAGE_MODEL,
    "gemma4": _LANGUAGE_MODEL,
    "gemma4_unified": _LANGUAGE_MODEL,
    "git": _bert("git"),
    "got_ocr2": _LANGUAGE_MODEL,
    "gpt-sw3": _GPT2,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_neox": Places("gpt_neox.layers", "attention", "mlp"),
    "gpt_neox_japanese": Places("gpt_neox_japanese.layers", "attention", "mlp"),
    "gptj": _GPT2,
    "granitemoe": Places(mlp="block_sparse_moe"),
    "granitemoe_swa": Places(mlp="block_sparse_moe"),
    "granitemoehybrid": Places(mlp=None),
    "granitemoeshared": Places(mlp="block_sparse_moe"),
    "jamba": Places(mlp="feed_forward"),
    "jetmoe": Places(attention="self_attention"),
    "lfm2": Places(mlp="feed_forward"),
    "lfm2_moe": Places(mlp="feed_forward"),
    "lfm3": Places(mlp="feed_forward"),
    "llama4": Places(mlp="feed_forward"),
    "llama4_text": Places(mlp="feed_forward"),
    "longcat_flash": Places(attention=None, mlp=None),
    "mamba": _MAMBA,
    "mamba2": _MAMBA,
    "marian": _BART,
    "mbart": _BART,
    "megatron-bert": _bert("bert"),
    "modernbert-decoder": Places("model.layers", "attn", "mlp"),
    "moss_transcribe_diarize": _LANGUAGE_MODEL,
    "mpt": Places("transformer.blocks", "attn", "ffn.down_proj"),
    "mvp": _BART,
    "nemotron_h": Places(attention="mixer", mlp="mixer"),
    "openai-gpt": _GPT2,
    "opt": _BART,
    "pegasus": _BART,
    "plbart": _BART,
    "prophetnet": Places("prophetnet.decoder.layers", "self_attn", "feed_forward"),
    "recurrent_gemma": Places(attention="temporal_block", mlp="mlp_block"),
    "reformer": Places("reformer.encoder.layers", "attention", "feed_forward"),
    "rembert": _bert("rembert"),
    "roberta": _bert("roberta"),
    "roberta-prelayernorm": _bert("roberta_prelayernorm"),
    "roc_bert": _bert("roc_bert"),
    "roformer": _bert("roformer"),
    "rwkv": Places("rwkv.blocks", None, "feed_forward"),
    "trocr": _BART,
    "whisper": _BART,
    "xglm": Places("model.layers", "self_attn", "fc2"),
    "xlm-roberta": _bert("roberta"),
    "xlm-roberta-xl": _bert("roberta"),
    "xlnet": Places("transformer.layer", None, "ff.layer_2", "rel_attn"),
    "xlstm": Places("backbone.blocks", None, "ffn"),
    "xmod": _bert("roberta"),
    "zamba": Places(attention="shared_transf.self_attn", mlp="shared_transf.feed_forward"),
    "zamba2": Places(
        attention="shared_transformer.self_attn", mlp="shared_transformer.feed_forward"
    ),
}
"""Types that keep their parts elsewhere than most do."""


def places_of(model_type: str) -> Places:
    return PLACES.get(model_type, Places())
