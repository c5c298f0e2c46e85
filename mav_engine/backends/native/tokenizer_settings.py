"""The settings of a tokenizer in `tokenizer_config.json`, and the class that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.models.bounded_files import read_json

SPECIAL = (
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
)  # fmt: skip
"""The names of special tokens, in the order of transformers."""
_READ = frozenset(
    {
        "add_bos_token", "add_eos_token", "add_prefix_space", "added_tokens_decoder",
        "additional_special_tokens", "chat_template", "clean_up_tokenization_spaces",
        "extra_special_tokens", "legacy", "split_special_tokens", "tokenizer_class",
    }
)  # fmt: skip
_CHANGES_NOTHING = frozenset(
    {
        "backend", "errors", "is_local", "local_files_only", "max_length", "model_input_names",
        "model_max_length", "name_or_path", "padding_side", "processor_class",
        "sp_model_kwargs", "spaces_between_special_tokens", "special_tokens_map_file", "stride",
        "truncation_side", "truncation_strategy", "use_default_system_prompt",
    }
)  # fmt: skip
_OWN_CLASSES = ("GPT2Tokenizer", "LlamaTokenizer", "Qwen2Tokenizer")
_FILE_CLASSES = (None, "PreTrainedTokenizer", "PythonBackend", "TokenizersBackend")
"""Classes that use `tokenizer.json` unchanged."""
_OF_TYPE = {
    "gpt2": "GPT2Tokenizer",
    "mistral": "TokenizersBackend",
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
}
"""The classes that transformers registers for model types."""
_WRONG_CLASS = ("qwen2",)
"""Model types whose files often name another class; transformers uses its own."""


@dataclass(frozen=True, slots=True)
class TokenizerSettings:
    """What the settings say."""

    class_name: str | None
    named: Mapping[str, Any]
    """Special tokens by name; None where a token is turned off."""
    added: Mapping[int, AddedToken]
    """Added tokens by their ids."""
    extra: list[Any]
    """Further special tokens."""
    chat_template: Any
    add_prefix_space: bool | None
    legacy: bool
    cleans_up: bool
    bos: bool | None
    """Whether a text begins with the bos_token; None if that is not said."""
    eos: bool | None

    def special(self, defaults: Mapping[str, str]) -> dict[str, Any]:
        """The special tokens by name, in order."""
        named = {**defaults, **self.named}
        by_text = {token.content: token for token in self.added.values()}
        found = {}
        for name in SPECIAL:
            token = named.get(name)
            if token is not None:
                text = token if isinstance(token, str) else token.content
                # The default of a class stays a plain text.
                found[name] = by_text.get(text, token) if name in self.named else token
        return found

    def states_ends(self, whole: bool) -> bool:
        """Whether the settings say which tokens begin and end a text; `tokenizer.json` has its own
        rule."""
        return not whole and (self.bos is not None or self.eos is not None)

    def adds_bos(self, whole: bool) -> bool:
        return not whole and bool(self.bos)

    def adds_eos(self, whole: bool) -> bool:
        return not whole and bool(self.eos)


def read_settings(folder: Path, described: Mapping[str, Any]) -> TokenizerSettings:
    """The settings of a folder.

    Args:
        folder: with `tokenizer_config.json`, if there is one.
        described: the content of `tokenizer.json`; empty if there is none.

    Raises:
        Unsupported: one of them is not supported here.
        UnusableModel: a file is broken.
    """
    path = folder / "tokenizer_config.json"
    given = read_json(path) if path.exists() else {}
    if "added_tokens_decoder" in given:
        added = {int(index): _token(each) for index, each in given["added_tokens_decoder"].items()}
    else:
        given = given | _older_map(folder)
        added = {each["id"]: _token(each) for each in described.get("added_tokens") or []}
    unknown = sorted(set(given) - {*SPECIAL, *_READ, *_CHANGES_NOTHING})
    if unknown:
        raise Unsupported(f"its tokenizer has the setting {unknown[0]}")
    if given.get("split_special_tokens"):
        raise Unsupported("its tokenizer splits special tokens")
    extra = given.get("extra_special_tokens") or given.get("additional_special_tokens") or []
    if not isinstance(extra, list):
        raise Unsupported("its tokenizer has special tokens of its own")
    return TokenizerSettings(
        class_name=given.get("tokenizer_class"),
        named={name: _named(given[name]) for name in SPECIAL if name in given},
        added=added,
        extra=[_named(each) for each in extra],
        chat_template=given.get("chat_template"),
        add_prefix_space=given.get("add_prefix_space"),
        legacy=bool(given.get("legacy", False)),
        cleans_up=bool(given.get("clean_up_tokenization_spaces")),
        bos=given.get("add_bos_token"),
        eos=given.get("add_eos_token"),
    )


def tokenizer_class(
    config: Mapping[str, Any], settings: TokenizerSettings, described: Mapping[str, Any]
) -> str:
    """The class with which transformers reads a tokenizer, `TokenizersBackend` for those that use
    the file unchanged.

    Raises:
        Unsupported: it is not known here.
    """
    model_type = str(config.get("model_type"))
    stated = settings.class_name or config.get("tokenizer_class")
    named = None if stated is None else str(stated).removesuffix("Fast")
    of_type = _OF_TYPE.get(model_type)
    if named is None:
        return of_type or "TokenizersBackend"
    if named == "LlamaTokenizer" and of_type is None and _is_byte_level(described):
        return "TokenizersBackend"
    if of_type is not None and of_type != named:
        if of_type == "TokenizersBackend":
            return of_type
        named = of_type if model_type in _WRONG_CLASS else named
    if named in _FILE_CLASSES:
        return "TokenizersBackend"
    if named not in _OWN_CLASSES:
        raise Unsupported(f"its tokenizer is a {named[:80]}")
    return named


def _is_byte_level(described: Mapping[str, Any]) -> bool:
    waiting: list[Any] = [described.get("pre_tokenizer"), described.get("decoder")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            if part.get("type") == "ByteLevel":
                return True
            waiting.extend((part.get("pretokenizers"), part.get("decoders")))
    return False


def _older_map(folder: Path) -> dict[str, Any]:
    """The special tokens of `special_tokens_map.json`, which older folders have."""
    if (folder / "added_tokens.json").exists():
        raise Unsupported("it has an added_tokens.json")
    path = folder / "special_tokens_map.json"
    given = read_json(path) if path.exists() else {}
    unknown = sorted(set(given) - set(SPECIAL))
    if unknown:
        raise Unsupported(f"its special_tokens_map.json has {unknown[0]}")
    return {
        name: {**each, "special": True, "__type": "AddedToken"} if isinstance(each, dict) else each
        for name, each in given.items()
    }


def _token(given: Any) -> AddedToken:
    """An added token from its fields."""
    fields = {name: each for name, each in given.items() if name not in ("id", "__type")}
    return AddedToken(**fields)


def _named(given: Any) -> Any:
    """A special token: a text, or an added token."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, dict) and given.get("__type") == "AddedToken":
        return _token(given)
    raise Unsupported(f"its tokenizer has the special token {str(given)[:80]}")
