"""Tokenizers that would exhaust the memory or the time are refused before they are used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mav_engine.backends import load_backend
from mav_engine.errors import UnusableModel
from tests.engine.conftest import EMBEDDED

LONGER = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 200}
SPECIAL = "<|endoftext|>"
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": SPECIAL, "type_id": 0}}] * 40,
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
    "special_tokens": {SPECIAL: {"id": SPECIAL, "ids": [0] * 40, "tokens": [SPECIAL] * 40}},
}


@pytest.mark.parametrize("by_transformers", [False, True])
@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("decoder", {"type": "Sequence", "decoders": [LONGER] * 6}),
        ("normalizer", {"type": "Sequence", "normalizers": [LONGER] * 6}),
        ("normalizer", {"type": "Prepend", "prepend": "a" * 100_000}),
        ("post_processor", TEMPLATE),
    ],
)
def test_a_tokenizer_that_makes_texts_very_long_is_refused(
    tmp_path: Path, part: str, value: dict[str, Any], by_transformers: bool
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED, folder)
    described = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps({**described, part: value}), encoding="utf-8")
    if by_transformers:
        (folder / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    with pytest.raises(UnusableModel, match=rf"tokenizer\.json: its {part} may make"):
        load_backend(str(folder))


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "added_tokens.json"])
def test_a_tokenizer_with_very_many_added_tokens_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED, folder)
    token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added: dict[str, Any] = {f"<{each}>": 5000 + each for each in range(100_001)}
    if name == "tokenizer.json":
        tokens = [{"id": added[each], "content": each, "special": True, **token} for each in added]
        described = {
            **json.loads((folder / name).read_text(encoding="utf-8")),
            "added_tokens": tokens,
        }
    elif name == "tokenizer_config.json":
        tokens = {str(added[each]): {"content": each, "special": True, **token} for each in added}
        described = {
            **json.loads((folder / name).read_text(encoding="utf-8")),
            "added_tokens_decoder": tokens,
        }
    else:
        described = added
    (folder / name).write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(UnusableModel, match=rf"{name} has 100,001 added tokens"):
        load_backend(str(folder))
