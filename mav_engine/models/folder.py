"""Finds the folder or GGUF file of a model and checks it before anything is loaded. No torch.

Errors name what is missing or wrong and the remedy. The checks read the configuration, the headers
of the weights and little else, so a malicious folder is refused before a library opens it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from mav_engine.errors import ModelNotFound, UnusableModel
from mav_engine.models.bounded_files import check_file, check_files, read_json
from mav_engine.models.gguf.check import check_gguf
from mav_engine.models.gguf.header import is_gguf
from mav_engine.models.stores import OLLAMA, ollama_file
from mav_engine.models.weight_files import TensorSpec, layer_count, read_tensors, weight_files
from mav_engine.wording import listed, shortened, shown

LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
D_MODEL = ("hidden_size", "n_embd", "d_model", "dim")
"""Names of sizes in configurations."""

MAX_COUNT = 65_536
"""Most layers, experts or labels of a configuration."""
_COUNTS = frozenset(
    {
        *LAYERS, "decoder_layers", "encoder_layers", "num_decoder_layers", "num_encoder_layers",
        "depth", "num_experts", "num_local_experts", "n_routed_experts", "n_shared_experts",
        "moe_num_experts", "num_labels", "num_nextn_predict_layers",
    }
)  # fmt: skip
_WIDTHS = frozenset(
    {
        *D_MODEL, *HEADS, "head_dim", "intermediate_size", "num_key_value_heads", "vocab_size",
        "n_inner", "ffn_dim", "d_ff", "d_kv", "v_head_dim", "qk_head_dim", "qk_nope_head_dim",
        "qk_rope_head_dim", "kv_lora_rank", "q_lora_rank", "rotary_dim", "state_size",
        "moe_intermediate_size",
    }
)  # fmt: skip
_DIVISORS = ("num_key_value_heads", "head_dim")
_ORIGINAL_CONFIG = "Use the model's original config.json."
_TOKENIZER = re.compile(
    r"^(tokenizer\.json|tokenizer_config\.json|vocab\.(json|txt)|merges\.txt|tekken\.json"
    r"|.*\.model|.*\.tiktoken)$"
)
_WEIGHTS_OF_OTHERS = re.compile(
    r"\.(bin|pt|pth|ckpt|h5|msgpack|onnx|tflite|pkl|mlmodel|npz|ot)(\.index\.json)?$"
)
_SCRIPTS = re.compile(r"^(optimizer|scheduler|training_args|rng_state)")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_LISTED = 2000
"""Most entries of a folder that are read for a hint."""
_CONVERT = (
    "MAV reads safetensors only, since other formats can run code when they are read. Convert it "
    "with a program that you trust: load it with transformers there and call save_pretrained()."
)


def find_model(source: str) -> Path | None:
    """The folder or GGUF file of a source; None if it can only be a hub name.

    `ollama:NAME` is the file of a model of Ollama.

    Links to folders are resolved. A model's folder in the hub's cache (`models--owner--name`) is
    resolved to its snapshot.

    Raises:
        ModelNotFound: the path does not exist, or Ollama has no such model.
        UnusableModel: it is another file, or cannot be read.
    """
    path = ollama_file(source) if source.startswith(OLLAMA) else expanded(source)
    mode = _mode(path)
    if mode is None:
        if looks_like_path(source):
            raise ModelNotFound(
                f"There is no folder or file {shown(source)}. Check the path, or give a hub name: "
                "owner/model."
            )
        return None
    if stat.S_ISREG(mode) and (path.suffix.lower() == ".gguf" or is_gguf(path)):
        # The hub's cache has links to files that are named by their digests.
        return Path(os.path.realpath(path.parent), path.name)
    if not stat.S_ISDIR(mode):
        raise UnusableModel(_not_a_folder(path, mode))
    return _snapshot_in(Path(os.path.realpath(path)))


def expanded(source: str) -> Path:
    """The path of a source, `~` replaced."""
    try:
        return Path(source).expanduser()
    except RuntimeError:  # there is no such user
        return Path(source)


def canonical(source: str) -> str:
    """Identifies the weights: the real path, or the hub name."""
    try:
        path = find_model(source)
    except (ModelNotFound, UnusableModel):
        return source
    return source if path is None else str(path)


def is_path(source: str) -> bool:
    """Whether this is the path of a folder or file; False if it cannot be accessed."""
    try:
        return Path(source).is_dir() or Path(source).is_file()
    except OSError:
        return False


def looks_like_path(source: str) -> bool:
    """Whether this can only be a path or a model of Ollama: a hub name is `name` or
    `owner/name`."""
    return (
        source.startswith((".", "/", "~", "\\"))
        or source.count("/") > 1
        or source.endswith("/")
        or "\\" in source
        or Path(source).suffix in (".gguf", ".safetensors")
        or source.startswith(OLLAMA)
    )


def check_model(path: Path) -> None:
    """Check the folder or GGUF file of a model.

    Raises:
        UnusableModel: it cannot be loaded; the message starts with the faulty part.
    """
    if path.is_dir():
        check_folder(path)
    else:
        check_gguf(path)


def check_folder(folder: Path) -> None:
    """Check that a folder contains a consistent model in Hugging Face layout.

    Raises:
        UnusableModel: it does not; the message starts with the faulty part.
    """
    names = set(_names(folder))
    if "config.json" not in names:
        raise UnusableModel(_without_config(folder, names))
    if "adapter_config.json" in names and not _has_weights(folder):
        raise UnusableModel(_adapter(folder))
    check_files(folder)
    config = read_json(folder / "config.json")
    check_sizes(config)
    if not weight_files(folder):
        raise UnusableModel(_without_weights(names))
    tensors = read_tensors(folder)
    _check_layers(config, tensors)
    _check_widths(config, tensors)
    if not any(map(_TOKENIZER.match, names)):
        raise UnusableModel(
            "there is no tokenizer in the folder. Copy the model's tokenizer.json and "
            "tokenizer_config.json into it, or call tokenizer.save_pretrained() on it."
        )


def check_sizes(config: Mapping[str, Any]) -> None:
    """Check the sizes and counts in a configuration.

    Raises:
        UnusableModel: one has the wrong type, is not positive or is unreasonably large.
    """
    nested = config.get("text_config")
    if nested is not None and not isinstance(nested, dict):
        raise UnusableModel(
            f"config.json: text_config must be an object, not {shown(nested)}. {_ORIGINAL_CONFIG}"
        )
    for part in (config, nested or {}):
        for name in (*LAYERS, *HEADS, *D_MODEL, *_DIVISORS, "vocab_size"):
            value = part.get(name)
            if value is not None and (type(value) is not int or not 1 <= value < 2**31):
                raise UnusableModel(
                    f"config.json: {name} must be a whole number from 1, not {shown(value)}. "
                    f"{_ORIGINAL_CONFIG}"
                )
    for name, value in _numbers(config):
        if name in _WIDTHS and value < 0:
            raise UnusableModel(
                f"config.json: {name} is {shown(value)}, but a size cannot be negative. "
                f"{_ORIGINAL_CONFIG}"
            )
        if name in _COUNTS and not 0 <= value <= MAX_COUNT:
            raise UnusableModel(
                f"config.json: {name} is {shown(value)}, but must be from 0 to {MAX_COUNT}. "
                f"{_ORIGINAL_CONFIG}"
            )


def _check_layers(config: Mapping[str, Any], tensors: Mapping[str, TensorSpec]) -> None:
    """Check the numbers of layers against the weights.

    transformers builds all layers before it checks for weights. Some models count a block several
    times (LongCat twice, HRM once per cycle), so a few times as many are allowed here and checked
    by `check_fits`.
    """
    stored = layer_count(dict(tensors))
    for name, value in _numbers(config):
        if name in LAYERS and value > 16 * max(stored, 1):
            raise UnusableModel(
                f"config.json describes {value} layers ({name}), but the weights hold {stored}. "
                "Use the config.json that was saved with these weights."
            )


def _check_widths(config: Mapping[str, Any], tensors: Mapping[str, TensorSpec]) -> None:
    """Check the sizes of vectors against the largest dimension of the weights.

    Dimensions of packed weights are up to 16 times smaller than the layer's.
    """
    largest = max((max(each.shape, default=1) for each in tensors.values()), default=1)
    for name, value in _numbers(config):
        if name in _WIDTHS and value > 64 * largest:
            raise UnusableModel(
                f"config.json: {name} is {value}, but no dimension of the weights is larger than "
                f"{largest}. Use the config.json that was saved with these weights."
            )


def _numbers(config: Any) -> Iterator[tuple[str, int | float]]:
    """All numbers in a configuration with their names, nested ones included."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(each for each in part if isinstance(each, dict | list))
            continue
        for name, value in part.items():
            if isinstance(value, dict | list):
                waiting.append(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield name, value


def _mode(path: Path) -> int | None:
    """The file mode; None if the path does not exist."""
    try:
        return path.stat().st_mode
    except PermissionError:
        raise UnusableModel(f"{shortened(str(path))} cannot be read: permission denied.") from None
    except (OSError, ValueError):  # ValueError: a null byte or a lone surrogate
        return None


def _snapshot_in(folder: Path) -> Path:
    snapshots = folder / "snapshots"
    if (folder / "config.json").exists() or not snapshots.is_dir():
        return folder
    try:
        current = snapshots / (folder / "refs" / "main").read_text(encoding="utf-8")[:64].strip()
        if current.is_dir():
            return current
    except (OSError, ValueError):
        pass
    found = [path for path in islice(snapshots.iterdir(), _LISTED) if path.is_dir()]
    return max(found, key=lambda path: path.stat().st_mtime, default=folder)


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnusableModel(f"the folder cannot be read: {reason}.") from None


def _not_a_folder(path: Path, mode: int) -> str:
    name = shortened(path.name)
    if not stat.S_ISREG(mode):
        return f"{name} is neither a folder nor a file. Give the folder of a model."
    check_file(path)
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return (
            f"{name} is one file of a model. Give the folder that holds it together with "
            "config.json and the tokenizer."
        )
    if suffix in _ARCHIVES:
        return f"{name} is an archive. Unpack it and give the folder."
    if _WEIGHTS_OF_OTHERS.search(suffix) or _begins(path, b"\x80\x02", b"PK\x03\x04"):
        return f"{name} is a file of weights in another format. {_CONVERT}"
    return f"{name} is a file. Give the folder that holds config.json, weights and tokenizer."


def _begins(path: Path, *magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(magic)
    except OSError:
        return False


def _has_weights(folder: Path) -> bool:
    return bool(weight_files(folder))


def _without_config(folder: Path, names: set[str]) -> str:
    if "adapter_config.json" in names:
        return _adapter(folder)
    models = [name for name in sorted(names)[:_LISTED] if (folder / name / "config.json").is_file()]
    within = f"the folder holds other folders with models: {listed(models, 5)}. Name one of them."
    hints = {
        "this is a pipeline that makes images, not a language model.": "model_index.json" in names,
        _gguf_in(names): any(name.endswith(".gguf") for name in names),
        _PUBLISHERS_LAYOUT: "params.json" in names,
        f"there is no config.json, and the weights are in another format. {_CONVERT}": any(
            map(_is_foreign, names)
        ),
        within: bool(models),
        "the folder is empty.": not names,
    }
    return next((hint for hint, applies in hints.items() if applies), _NO_CONFIG)


def _gguf_in(names: set[str]) -> str:
    files = sorted(name for name in names if name.endswith(".gguf"))
    return f"the folder holds GGUF files: {listed(files, 5)}. Give the path of one of them."


_PUBLISHERS_LAYOUT = (
    "the weights are in their publisher's own layout (params.json). Get the version in Hugging "
    "Face layout, which has a config.json."
)
_NO_CONFIG = (
    "there is no config.json in the folder, so it is not a model in Hugging Face layout. Give the "
    "folder that holds config.json, weights and tokenizer."
)


def _without_weights(names: set[str]) -> str:
    if any(name.endswith(".gguf") for name in names):
        return f"there are no *.safetensors weights, but {_gguf_in(names)}"
    if any(_is_foreign(name) for name in names):
        return f"there are no *.safetensors weights, only ones in another format. {_CONVERT}"
    others = sorted(name for name in names if name.endswith(".safetensors"))
    if others:
        return (
            f"there is neither model.safetensors nor an index of shards, but {listed(others, 3)}. "
            "Rename a single file to model.safetensors, or add model.safetensors.index.json."
        )
    return "there are no *.safetensors weights in the folder. Download them into it."


def _is_foreign(name: str) -> bool:
    return bool(_WEIGHTS_OF_OTHERS.search(name)) and not _SCRIPTS.match(name)


def _adapter(folder: Path) -> str:
    """The error for the folder of a LoRA or another adapter."""
    given = read_json(folder / "adapter_config.json")
    base = given.get("base_model_name_or_path")
    of = f" of {shown(base)}" if isinstance(base, str) and base else ""
    kind = given.get("peft_type")
    named = f"a {shortened(kind, 20)} adapter" if isinstance(kind, str) else "an adapter"
    return (
        f"this is {named}{of}, which contains changes to that model, but no model. Merge both with "
        "peft (merge_and_unload(), then save_pretrained() for model and tokenizer) and give that "
        "folder, or pass the loaded model to mav_engine.MAV()."
    )
