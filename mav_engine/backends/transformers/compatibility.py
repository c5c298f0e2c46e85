"""Whether a checked folder holds a causal language model that transformers can load as it is.

What transformers only warns about (weights that are missing or have other shapes, a tokenizer
without tokens) is an error here, since the numbers would be random. Errors are worded for those
who have never seen the library.
"""

from __future__ import annotations

import copy
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine.backends.tokenizer_growth import check_growth
from mav_engine.bounded_files import read_json
from mav_engine.errors import UnusableModel
from mav_engine.text import has_tokens
from mav_engine.weight_files import read_tensors
from mav_engine.wording import shortened, shown

GB = 1e9
_ENCODERS = frozenset(
    {
        "bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie",
        "megatron-bert", "reformer", "rembert", "roberta", "roberta-prelayernorm", "roc_bert",
        "roformer", "xlm-roberta", "xlm-roberta-xl", "xmod",
    }
)  # fmt: skip
"""Types that see the whole text at once unless their configuration says `is_decoder`."""
_KINDS = re.compile(r"\b\w+Error: ")
_CAUSAL = "MAV needs a causal language model, which predicts the next token (GPT, Llama, Qwen …)."
_ORIGINAL = "Use the files that were saved with the model."


def read_config(folder: Path) -> Any:
    """The configuration of a causal language model.

    Raises:
        UnusableModel: it is of another kind, or transformers cannot read it.
    """
    given = read_json(folder / "config.json")
    kind = given.get("model_type")
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # whatever the classes of configurations raise
        raise UnusableModel(_why_no_config(given, kind, error), field="model") from error
    if getattr(config, "is_encoder_decoder", False):
        raise _other(config, "an encoder-decoder model, which translates one text into another")
    if kind in _ENCODERS and not getattr(config, "is_decoder", False):
        raise _other(config, "an encoder, which fills gaps or embeds texts")
    if type(config) not in AutoModelForCausalLM._model_mapping:
        raise _other(config, "another kind of model")
    return config


def read_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model.

    Raises:
        UnusableModel: it is missing, broken, empty or may exhaust the memory, or a package that
            reads it is missing.
    """
    check_growth(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        empty = not has_tokens(tokenizer)
    except Exception as error:  # whatever a broken file makes the libraries raise
        raise UnusableModel(_why_no_tokenizer(folder, error), field="model") from error
    if empty:
        raise UnusableModel(
            "the tokenizer has no tokens: its vocabulary is missing or empty. Copy tokenizer.json "
            "of the model into the folder.",
            field="model",
        )
    return tokenizer


def check_fits(folder: Path, config: Any, held: int | None) -> None:
    """Compare the model that a configuration describes with the weights before it is built.

    Args:
        folder: where the weights are.
        config: the configuration.
        held: bytes of a number in main memory; None where the weights go elsewhere.

    Raises:
        UnusableModel: it is much larger than the weights, or than the memory that is free.
    """
    # On the meta device a model has shapes and no numbers.
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(copy.deepcopy(config))
    described = sum(each.numel() for each in model.parameters())
    buffers = sum(each.numel() * each.element_size() for each in model.buffers())
    stored = sum(each.elements for each in read_tensors(folder).values())
    quantized = getattr(config, "quantization_config", None) is not None
    if not quantized and described > 2 * stored + 1_000_000:
        raise UnusableModel(
            f"config.json describes a model of {described:,} numbers, but the weights hold "
            f"{stored:,}. {_ORIGINAL}",
            field="model",
        )
    needed = buffers + (0 if held is None or quantized else held * described)
    free = free_memory()
    if free is not None and needed > free:
        raise UnusableModel(
            f"it needs {needed / GB:,.1f} GB of memory, and {free / GB:,.1f} GB are free. Use a "
            "smaller model or number type (bfloat16), or a machine with more memory.",
            field="model",
        )


def check_complete(report: dict[str, Any]) -> None:
    """Refuse a loaded model some of whose weights were not in its files.

    Args:
        report: the loading info of `from_pretrained`; tied weights are not missing in it.

    Raises:
        UnusableModel: it names the first of them.
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
            f"the weights lack {len(missing)} of the model's tensors, {missing[0]} among them; "
            "they would be random numbers. Save the whole model again.",
            field="model",
        )


def free_memory() -> int | None:
    """Bytes of main memory that can be had, swap included; None where the system does not say."""
    found = {}
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                found[name] = 1024 * int(rest.split()[0])
        free = found["MemAvailable"] + found.get("SwapFree", 0)
    except (OSError, ValueError, KeyError):
        return None
    limit = _number_in("/sys/fs/cgroup/memory.max")
    used = _number_in("/sys/fs/cgroup/memory.current")
    # Files that the container has read count as used, and are given up when memory is needed.
    return free if limit is None or used is None else min(free, max(limit - used, limit // 2))


def _number_in(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _other(config: Any, what: str) -> UnusableModel:
    kind = shown(config.model_type)
    return UnusableModel(f"this is {what} (type {kind}). {_CAUSAL}", field="model")


def _why_no_config(given: dict[str, Any], kind: object, error: Exception) -> str:
    if given.get("auto_map") and "auto_map" not in str(error):
        own_code = " It brings code of its own (auto_map), which is never run."
    else:
        own_code = ""
    if kind is None:
        return f"config.json has no model_type. {_ORIGINAL}"
    if "does not recognize this architecture" in str(error) or own_code:
        return (
            f"transformers {version('transformers')} knows no model type {shown(kind)}.{own_code} "
            "A newer transformers may know it: pip install --upgrade transformers."
        )
    return f"config.json cannot be read: {_in_short(error)}. {_ORIGINAL}"


def _why_no_tokenizer(folder: Path, error: Exception) -> str:
    whole = (folder / "tokenizer.json").exists()
    for package, suffix in (("sentencepiece", ".model"), ("tiktoken", ".tiktoken")):
        if package in str(error) and not whole and any(folder.glob(f"*{suffix}")):
            return (
                f"its tokenizer needs {package}, which is not installed (pip install {package}), "
                f"or a tokenizer.json beside the *{suffix} file."
            )
    if isinstance(error, ImportError):
        return f"its tokenizer needs a package that is not installed: {_in_short(error)}."
    name = "tokenizer.json" if whole else "the tokenizer"
    return f"{name} cannot be read: {_in_short(error)}. {_ORIGINAL}"


def _in_short(error: Exception) -> str:
    told = _KINDS.sub("", " ".join(str(error).split())) or type(error).__name__
    return shortened(told.rstrip("."), 300)
