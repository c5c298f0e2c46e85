"""Whether a checked folder holds a causal language model that transformers can load as it is.

What transformers only warns about (weights that are missing or have other shapes, a tokenizer
without tokens) is an error here, since the numbers would be random. Errors are worded for those
who have never seen the library.
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
from mav_engine.backends.tokenizer_limits import check_limits
from mav_engine.errors import MavError, UnusableModel
from mav_engine.faults import is_deliberate, is_out_of_memory
from mav_engine.models.bounded_files import read_json
from mav_engine.models.weight_files import read_tensors, weight_files
from mav_engine.text.tokens import has_tokens
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
    if kind is not None and not isinstance(kind, str):
        raise UnusableModel(
            f"config.json: model_type must be a text, not {shown(kind)}. {_ORIGINAL}", field="model"
        )
    _check_dtype(given)
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
            f"config.json: dtype is {shown(name)}, which is no number type of torch; give float32, "
            "float16 or bfloat16, or leave it out.",
            field="model",
        )


def read_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model.

    Raises:
        UnusableModel: it is missing, broken, empty or may exhaust the memory, or a package that
            reads it is missing.
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
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(
                copy.deepcopy(config), attn_implementation="eager"
            )
    except ImportError:
        raise
    except Exception as error:  # whatever the classes of models raise
        raise UnusableModel(_why_not_built(config, error), field="model") from error
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


def check_readable(folder: Path) -> None:
    """Check the files that `from_pretrained` reads besides the configuration and the tokenizer.

    Raises:
        UnusableModel: a file of weights or `generation_config.json` is broken.
    """
    if (folder / GENERATION_CONFIG_NAME).exists():
        with named_faults(f"{GENERATION_CONFIG_NAME} cannot be read"):
            GenerationConfig.from_pretrained(folder)
    for path in weight_files(folder):
        with named_faults(f"{path.name} cannot be read"), safe_open(path, framework="pt") as file:
            form = (file.metadata() or {}).get("format", "pt")
        if form != "pt":
            raise UnusableModel(
                f"{path.name} holds weights for {shown(form)}, as its metadata says, but MAV reads "
                "those for PyTorch (pt). Save the model with save_pretrained() of a PyTorch model.",
                field="model",
            )


@contextmanager
def named_faults(what: str) -> Iterator[None]:
    """Turn what the libraries raise for broken files into an error that begins with `what`.

    Missing packages and full memory are no faults of the files, so their errors pass.
    """
    try:
        yield
    except (MavError, ImportError):
        raise
    except Exception as error:  # whatever a broken file makes the libraries raise
        if is_out_of_memory(error):
            raise
        raise UnusableModel(f"{what}: {_in_short(error)}. {_ORIGINAL}", field="model") from error


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


def _why_not_built(config: Any, error: Exception) -> str:
    """Why no model can be made of a configuration, with the field where the error tells it."""
    for name, value in _texts(fields_of(config)):
        if isinstance(error, KeyError) and error.args and value == error.args[0]:
            return (
                f"config.json: {name} is {shown(value)}, which transformers "
                f"{version('transformers')} does not know. {_ORIGINAL}"
            )
    if "Padding_idx" in str(error):
        return (
            f"config.json: pad_token_id is {config.pad_token_id}, but the vocabulary has "
            f"{text_config(config).vocab_size} tokens. {_ORIGINAL}"
        )
    return f"config.json describes a model that cannot be built: {_in_short(error)}. {_ORIGINAL}"


def _texts(fields: Any) -> Iterator[tuple[str, Any]]:
    """The texts in a configuration with their fields, as `rope_parameters.rope_type`."""
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
                f"or a tokenizer.json beside the *{suffix} file."
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
    told = _KINDS.sub("", " ".join(str(error).split())) or type(error).__name__
    return shortened(told.rstrip("."), 300)
