"""The Llama model: made new from a seed, or read from a checkpoint."""

from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from training.data import END_OF_TEXT_ID
from training.settings import ModelShape


def new_model(shape: ModelShape, seed: int) -> LlamaForCausalLM:
    """A float32 model with random weights that depend on ``seed`` alone.

    transformers draws first weights from torch's global generator; that is forked here, so the
    caller's generator is left as it was.
    """
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.width // shape.heads,
        max_position_embeddings=shape.context,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=END_OF_TEXT_ID,
        eos_token_id=END_OF_TEXT_ID,
        pad_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def load_model(folder: Path) -> LlamaForCausalLM:
    """Read a checkpoint folder (Hugging Face layout) as a float32 model.

    Raises:
        ValueError: the folder holds something other than a Llama model.
    """
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    if not isinstance(model, LlamaForCausalLM):
        raise ValueError(f"{folder} holds a {type(model).__name__}; only Llama can be trained.")
    return model


def model_shape(model: LlamaForCausalLM) -> ModelShape:
    """The shape of a model, as read from its config."""
    config = model.config
    return ModelShape(
        vocabulary=config.vocab_size,
        width=config.hidden_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        mlp=config.intermediate_size,
        context=config.max_position_embeddings,
    )


def next_token_loss(
    model: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor, reduction: str = "mean"
) -> torch.Tensor:
    """Cross entropy of the targets in nats, computed in float32.

    ``inputs`` and ``targets`` are int64 of shape (rows, window); the result is a scalar (the mean
    a token, or the sum).
    """
    logits = model(input_ids=inputs, use_cache=False).logits
    return functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), reduction=reduction
    )
