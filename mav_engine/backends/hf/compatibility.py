"""Checks that a folder holds a causal language model that transformers can load.

Missing weights, weights of other shapes and empty tokenizers, about which transformers only warns,
are errors here, since the model would compute with random numbers. Error messages do not assume
knowledge of the library.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import GENERATION_CONFIG_NAME

from mav_engine.backends.hf.architectures import fields_of, text_config
from mav_engine.backends.memory import check_memory
from mav_engine.backends.tokenizer_limits import check_limits
from mav_engine.errors import MavError, UnusableModel
from mav_engine.faults import is_deliberate, is_out_of_memory
from mav_engine.models.bounded_files import read_json
from mav_engine.models.weight_files import read_tensors, weight_files
from mav_engine.text.tokens import has_tokens
from mav_engine.wording import shortened, shown

_ENCODERS = frozenset(
    {
        "bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie",
        "megatron-bert", "reformer", "rembert", "roberta", "roberta-prelayernorm", "roc_bert",
        "roformer", "xlm-roberta", "xlm-roberta-xl", "xmod",
    }
)  # fmt: skip
"""Model types that are encoders unless their configuration sets `is_decoder`."""
_KINDS = re.compile(r"\b\w+Error: ")
_CAUSAL = "MAV needs a causal language model, which predicts the next token (GPT, Llama, Qwen …)."
_ORIGINAL = "Use the files that were saved with the model."


def read_config(folder: Path) -> Any:
    """The configuration of a causal language model.

    Raises:
        UnusableModel: it describes another kind of model, or transformers cannot read it.
    """
    given = read_json(folder / "config.json")
    kind = given.get("model_type")
    if kind is not None and not isinstance(kind, str):
        raise UnusableModel(
            f"config.json: model_type must be a text, not {shown(kind)}. {_ORIGINAL}", field="model"
        )
    _check_dtype(given)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # configuration classes may raise anything
        raise UnusableModel(_why_no_config(given, kind, error), field="model") from error
    if getattr(config, "is_encoder_decoder", False):
        raise _other(config, "an encoder-decoder model, which translates one text into another")
    if kind in _ENCODERS and not getattr(config, "is_decoder", False):
        raise _other(config, "an encoder, which fills gaps or embeds texts")
    if type(config) not in AutoModelForCausalLM._model_mapping:
        raise _other(config, "another kind of model")
    if isinstance(getattr(config, "text_config", None), dict):
        raise UnusableModel(
            f"config.json: a model of the type {shown(kind)} has no text_config. {_ORIGINAL}",
            field="model",
        )
    return config


def _check_dtype(given: dict[str, Any]) -> None:
    name = given.get("dtype")
    if name is None or isinstance(name, dict):  # one for each part
        return
    known = isinstance(name, str) and getattr(torch, name.removeprefix("torch."), None)
    if not isinstance(known, torch.dtype):
        raise UnusableModel(
            f"config.json: dtype is {shown(name)}, which is not a dtype of torch; give float32, "
            "float16 or bfloat16, or leave it out.",
            field="model",
        )


def read_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model.

    Raises:
        UnusableModel: it is missing, broken, empty or may exhaust the memory, or needs a package
            that is not installed.
    """
    check_limits(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        empty = not has_tokens(tokenizer)
    except BaseException as error:  # also panics of the tokenizers library
        if is_deliberate(error):
            raise
        raise UnusableModel(_why_no_tokenizer(folder, error), field="model") from error
    if empty:
        raise UnusableModel(
            "the tokenizer has no tokens: its vocabulary is missing or empty. Copy the model's "
            "tokenizer.json into the folder.",
            field="model",
        )
    return tokenizer


def stored_parameters(folder: Path) -> int:
    """The number of parameters in the safetensors files of a folder."""
    return sum(each.elements for each in read_tensors(folder).values())


def check_fits(stored: int, config: Any, held: int | None) -> None:
    """Compare the size of the configured model with the weights and the free memory.

    Args:
        stored: the number of parameters in the files.
        config: the configuration.
        held: bytes per parameter in main memory; None if the weights are loaded to a GPU.

    Raises:
        UnusableModel: the model is much larger than the weights or than the free memory.
    """
    # On the meta device a model has shapes and no numbers.
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(
                copy.deepcopy(config), attn_implementation="eager"
            )
    except ImportError:
        raise
    except Exception as error:  # model classes may raise anything
        raise UnusableModel(_why_not_built(config, error), field="model") from error
    described = sum(each.numel() for each in model.parameters())
    buffers = sum(each.numel() * each.element_size() for each in model.buffers())
    quantized = getattr(config, "quantization_config", None) is not None
    if not quantized and described > 2 * stored + 1_000_000:
        raise UnusableModel(
            f"config.json describes a model of {described:,} parameters, but the weights hold "
            f"{stored:,}. {_ORIGINAL}",
            field="model",
        )
    needed = buffers + (0 if held is None or quantized else held * described)
    check_memory(needed)


def check_readable(folder: Path) -> None:
    """Check the weights and `generation_config.json`.

    Raises:
        UnusableModel: one of these files is broken.
    """
    if (folder / GENERATION_CONFIG_NAME).exists():
        with named_faults(f"{GENERATION_CONFIG_NAME} cannot be read"):
            GenerationConfig.from_pretrained(folder)
    for path in weight_files(folder):
        with named_faults(f"{path.name} cannot be read"), safe_open(path, framework="pt") as file:
            form = (file.metadata() or {}).get("format", "pt")
        if form != "pt":
            raise UnusableModel(
                f"{path.name} holds weights for {shown(form)}, according to its metadata, but MAV "
                "needs weights for PyTorch (pt). Save the model with save_pretrained() of a "
                "PyTorch model.",
                field="model",
            )


@contextmanager
def named_faults(what: str) -> Iterator[None]:
    """Convert exceptions for broken files to UnusableModel, with a message that begins with `what`.

    Missing packages and full memory are not faults of the files, so those errors pass.
    """
    try:
        yield
    except (MavError, ImportError):
        raise
    except Exception as error:  # broken files make the libraries raise anything
        if is_out_of_memory(error):
            raise
        raise UnusableModel(f"{what}: {_in_short(error)}. {_ORIGINAL}", field="model") from error


def check_complete(report: dict[str, Any]) -> None:
    """Check that all weights of a loaded model were in its files.

    Args:
        report: the loading info of `from_pretrained`, in which tied weights are not missing.

    Raises:
        UnusableModel: some are missing or have other shapes; the error names the first one.
    """
    mismatched = sorted(report.get("mismatched_keys") or [])
    if mismatched:
        name, stored, described = mismatched[0][:3]
        raise UnusableModel(
            f"{len(mismatched)} tensors have other shapes than config.json describes: {name} is "
            f"{list(stored)} in the weights and must be {list(described)}. {_ORIGINAL}",
            field="model",
        )
    missing = sorted(report.get("missing_keys") or [])
    if missing:
        raise UnusableModel(
            f"the weights lack {len(missing)} of the model's tensors, such as {missing[0]}; they "
            "would be random numbers. Save the whole model again.",
            field="model",
        )


def _other(config: Any, what: str) -> UnusableModel:
    kind = shown(config.model_type)
    return UnusableModel(f"this is {what} (type {kind}). {_CAUSAL}", field="model")


def _why_no_config(given: dict[str, Any], kind: object, error: Exception) -> str:
    if given.get("auto_map") and "auto_map" not in str(error):
        own_code = " Its folder contains code (auto_map), which MAV never runs."
    else:
        own_code = ""
    if kind is None:
        return f"config.json has no model_type. {_ORIGINAL}"
    if "does not recognize this architecture" in str(error) or own_code:
        return (
            f"transformers {version('transformers')} does not support the model type "
            f"{shown(kind)}.{own_code} A newer version may: pip install --upgrade transformers."
        )
    return f"config.json cannot be read: {_in_short(error)}. {_ORIGINAL}"


def _why_not_built(config: Any, error: Exception) -> str:
    """Why a model cannot be built from a configuration; names the field if possible."""
    for name, value in _texts(fields_of(config)):
        if isinstance(error, KeyError) and error.args and value == error.args[0]:
            return (
                f"config.json: {name} is {shown(value)}, which transformers "
                f"{version('transformers')} does not support. {_ORIGINAL}"
            )
    if "Padding_idx" in str(error):
        return (
            f"config.json: pad_token_id is {config.pad_token_id}, but the vocabulary has "
            f"{text_config(config).vocab_size} tokens. {_ORIGINAL}"
        )
    return f"config.json describes a model that cannot be built: {_in_short(error)}. {_ORIGINAL}"


def _texts(fields: Any) -> Iterator[tuple[str, Any]]:
    """The strings in a configuration with their paths, such as `rope_parameters.rope_type`."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", text) for inner, text in _texts(value))
        elif isinstance(value, str):
            yield name, value


def _why_no_tokenizer(folder: Path, error: BaseException) -> str:
    whole = (folder / "tokenizer.json").exists()
    for package, suffix in (("sentencepiece", ".model"), ("tiktoken", ".tiktoken")):
        if package in str(error) and not whole and any(folder.glob(f"*{suffix}")):
            return (
                f"its tokenizer needs {package}, which is not installed (pip install {package}), "
                f"or a tokenizer.json next to the *{suffix} file."
            )
    if isinstance(error, ImportError):
        return f"its tokenizer needs a package that is not installed: {_in_short(error)}."
    name = "tokenizer.json" if whole else "the tokenizer"
    if whole and _is_tokenizer(folder / "tokenizer.json"):
        name = "a setting of the tokenizer (tokenizer_config.json)"
    return f"{name} cannot be read: {_in_short(error)}. {_ORIGINAL}"


def _is_tokenizer(file: Path) -> bool:
    try:
        Tokenizer.from_file(str(file))
    except BaseException as error:  # also panics of the library
        if is_deliberate(error):
            raise
        return False
    return True


def _in_short(error: BaseException) -> str:
    message = _KINDS.sub("", " ".join(str(error).split())) or type(error).__name__
    return shortened(message.rstrip("."), 300)
