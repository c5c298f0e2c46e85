"""Which models exist by name, and how they are described without loading them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mav_engine.errors import InvalidSettings, UnknownModel
from mav_engine.models.catalog import Catalog, entry_of
from mav_engine.models.description import describe
from tests.engine.test_gguf_tokenizer import byte_level, write

LLAMA = {
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "hidden_size": 64,
    "vocab_size": 100,
    "max_position_embeddings": 512,
}


def make_model(folder: Path, config: dict[str, object], shards: int = 1) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    index = {}
    for number in range(shards):
        name = "model.safetensors" if shards == 1 else f"model-{number}-of-{shards}.safetensors"
        save_file({f"weight.{number}": np.zeros((3, 5), np.float32)}, folder / name)
        index[f"weight.{number}"] = name
    if shards > 1:
        written = json.dumps({"metadata": {}, "weight_map": index})
        (folder / "model.safetensors.index.json").write_text(written, encoding="utf-8")
    return folder


def test_the_embedded_model_is_there_by_name() -> None:
    info = Catalog().find("mav-tiny").describe()
    assert (info.name, info.loaded) == ("mav-tiny", False)
    assert info.parameters is not None
    assert info.layers is not None
    assert Catalog().default == "mav-tiny"


def test_llama_names_are_understood(tmp_path: Path) -> None:
    info = describe(str(make_model(tmp_path / "llama", LLAMA, shards=2)), name="llama")
    assert (info.layers, info.heads, info.kv_heads, info.d_model) == (6, 8, 2, 64)
    assert (info.vocabulary, info.context, info.parameters) == (100, 512, 30)
    assert (info.dtype, info.device, info.chat_template) == (None, None, False)


@pytest.mark.parametrize("shards", [1, 2])
def test_only_the_weights_that_are_loaded_are_counted(tmp_path: Path, shards: int) -> None:
    folder = make_model(tmp_path / "llama", LLAMA, shards)
    for stray in ("model-3-of-3.safetensors", "model.fp16.safetensors", "consolidated.safetensors"):
        save_file({"stray": np.zeros((100, 5), np.float32)}, folder / stray)
    assert describe(str(folder), name="llama").parameters == 15 * shards


def test_gpt2_names_are_understood(tmp_path: Path) -> None:
    config: dict[str, object] = {"n_layer": 2, "n_head": 4, "n_embd": 8, "n_positions": 32}
    info = describe(str(make_model(tmp_path / "gpt2", config)), name="gpt2")
    assert (info.layers, info.heads, info.kv_heads, info.d_model) == (2, 4, 4, 8)
    assert (info.context, info.vocabulary) == (32, None)


def test_a_nested_text_model_and_multi_query_heads_are_understood(tmp_path: Path) -> None:
    nested: dict[str, object] = {"text_config": LLAMA, "vision_config": {"hidden_size": 1}}
    assert describe(str(make_model(tmp_path / "a", nested)), name="a").d_model == 64
    shared: dict[str, object] = {"n_head": 8, "multi_query": True}
    assert describe(str(make_model(tmp_path / "b", shared)), name="b").kv_heads == 1


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0[]"])
def test_broken_files_are_unknown_rather_than_a_fault(tmp_path: Path, content: bytes) -> None:
    folder = make_model(tmp_path / "broken", {}, shards=0)
    (folder / "config.json").write_text("{", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(content)
    info = describe(str(folder), name="broken")
    assert (info.layers, info.parameters) == (None, None)


def test_a_chat_template_is_found_in_either_file(tmp_path: Path) -> None:
    one = make_model(tmp_path / "one", {})
    (one / "tokenizer_config.json").write_text(
        '{"chat_template": "{{ messages }}"}', encoding="utf-8"
    )
    two = make_model(tmp_path / "two", {})
    (two / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    assert describe(str(one), name="one").chat_template is True
    assert describe(str(two), name="two").chat_template is True


def test_a_hub_model_that_is_not_here_is_known_by_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    info = Catalog(["owner/story-model"]).find("owner/story-model").describe()
    assert (info.name, info.title, info.layers) == ("owner/story-model", "story-model", None)


def test_a_listed_folder_goes_by_its_last_name(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "mine", LLAMA)
    assert Catalog([str(folder)]).find("mine").source == str(folder)
    assert entry_of(str(folder)).name == "mine"


def test_a_folder_of_models_is_read_again_each_time(tmp_path: Path) -> None:
    catalog = Catalog(models_dir=tmp_path)
    with pytest.raises(UnknownModel):
        catalog.find("late")
    make_model(tmp_path / "late", LLAMA)
    (tmp_path / "no-model").mkdir()
    assert catalog.find("late").source == str(tmp_path / "late")
    assert {entry.name for entry in catalog.entries()} == {"late", "mav-tiny"}


def test_a_gguf_file_is_a_model_like_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "small.Q8_0.gguf", byte_level())
    (tmp_path / "a folder.gguf").mkdir()
    catalog = Catalog(models_dir=tmp_path, default="small.Q8_0")
    assert {entry.name for entry in catalog.entries()} == {"small.Q8_0", "mav-tiny"}
    info = catalog.find("small.Q8_0").describe()
    assert (info.layers, info.heads, info.d_model, info.vocabulary) == (1, 2, 32, 4096)
    assert (info.context, info.parameters, info.chat_template) == (64, 4096 * 32, False)
    listed = Catalog([str(path), f"{path}@int8-dynamic"])
    assert listed.find("small.Q8_0").source == str(path)
    assert listed.find("small.Q8_0@int8-dynamic").precision == "int8-dynamic"
    anything = Catalog(any_model=True)
    assert anything.find(str(path)).source == str(path)


@pytest.mark.parametrize("name", ["..", "../x", "/etc", ".", "", "mav-tiny/", "gpt2", "MAV-TINY"])
def test_only_names_of_the_catalogue_lead_anywhere(tmp_path: Path, name: str) -> None:
    make_model(tmp_path / "x", LLAMA)
    (tmp_path / "models").mkdir()
    with pytest.raises(UnknownModel, match="Known: mav-tiny") as caught:
        Catalog(models_dir=tmp_path / "models").find(name)
    assert caught.value.field == "model"


def test_any_model_opens_it(tmp_path: Path) -> None:
    catalog = Catalog(any_model=True)
    assert catalog.find("owner/anything").source == "owner/anything"
    assert catalog.find(str(tmp_path)).source == str(tmp_path)
    with pytest.raises(UnknownModel):
        catalog.find("two\nlines")


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [make_model(tmp_path / parent / "same", LLAMA) for parent in ("a", "b")]
    with pytest.raises(InvalidSettings, match="Two models are named same"):
        Catalog(map(str, folders))


def test_a_precision_behind_the_name_is_a_model_of_its_own(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "mine", LLAMA)
    catalog = Catalog(["mav-tiny@int8-dynamic", f"{folder}@float32"], models_dir=tmp_path)
    names = [entry.name for entry in catalog.entries()]
    assert names == ["mav-tiny", "mav-tiny@int8-dynamic", "mine", "mine@float32"]
    quantized, plain = catalog.find("mav-tiny@int8-dynamic"), catalog.find("mav-tiny")
    assert (quantized.source, quantized.precision) == (plain.source, "int8-dynamic")
    assert quantized.key != plain.key
    assert quantized.describe().dtype == "int8-dynamic"
    assert quantized.describe().parameters == plain.describe().parameters
    assert catalog.find("mine@float32").source == str(folder)


def test_a_precision_that_is_not_listed_is_not_to_be_had() -> None:
    with pytest.raises(UnknownModel, match="mav serve --model mav-tiny@int8"):
        Catalog().find("mav-tiny@int8")
    assert Catalog(any_model=True).find("mav-tiny@int8").precision == "int8"
    with pytest.raises(UnknownModel, match="'int9' is not a precision"):
        Catalog(any_model=True).find("mav-tiny@int9")
    with pytest.raises(InvalidSettings, match="Allowed after @: auto, float32"):
        Catalog(["mav-tiny@int9"])


def test_a_folder_may_have_an_at_sign_in_its_name(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model@int8", LLAMA)
    entry = entry_of(str(folder))
    assert (entry.name, entry.precision) == ("model@int8", None)
