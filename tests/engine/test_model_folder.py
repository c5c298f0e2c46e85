"""Folders that cannot be loaded: each is refused at once, with what it is and what to do."""

from __future__ import annotations

import json
import os
import shutil
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, T5Config, T5ForConditionalGeneration

from mav_engine.backends import Backend, load_backend
from mav_engine.errors import MavError, ModelLoadFailed, ModelNotFound, UnusableModel
from mav_engine.models.description import count_parameters, describe, problem
from tests.engine.conftest import EMBEDDED, Case

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
WEIGHTS = "model.safetensors"
Break = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED, tmp_path / "model"))


def load(folder: Path | str, **options: Any) -> Backend:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_backend(str(folder), **options)


def why(folder: Path | str, **options: Any) -> str:
    """Why a model cannot be loaded, with what holds for every such error."""
    with pytest.raises(ModelLoadFailed) as caught:
        load(folder, **options)
    detail = caught.value.detail
    assert caught.value.field == "model"
    assert "Traceback" not in detail
    assert "Error:" not in detail
    assert "\n" not in detail
    assert len(detail) < 600
    assert "model: model: " not in detail
    return detail


def write(name: str, content: str | bytes) -> Break:
    def broken(folder: Path) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)

    return broken


def remove(*names: str) -> Break:
    return lambda folder: [(folder / name).unlink() for name in names]


def configured(**changes: object) -> Break:
    def broken(folder: Path) -> None:
        given = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps({**given, **changes}), encoding="utf-8")

    return broken


def ended(eos_token_id: object) -> Break:
    return write("generation_config.json", json.dumps({"eos_token_id": eos_token_id}))


def both(*steps: Break) -> Break:
    return lambda folder: [step(folder) for step in steps]


def pipe(name: str) -> Break:
    def broken(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return broken


def linked(name: str, target: str) -> Break:
    def broken(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return broken


def sparse(name: str, size: int) -> Break:
    def broken(folder: Path) -> None:
        with (folder / name).open("r+b" if (folder / name).exists() else "wb") as file:
            file.truncate(size)

    return broken


def header(tensors: object, size: int = 0) -> Break:
    data = tensors if isinstance(tensors, bytes) else json.dumps(tensors).encode()
    return write(WEIGHTS, struct.pack("<Q", len(data)) + data + bytes(size))


def moved_to(name: str) -> Break:
    return lambda folder: (folder / WEIGHTS).rename(folder / name)


INDEX = "model.safetensors.index.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
LORA = json.dumps({"peft_type": "LORA", "base_model_name_or_path": "someone/base"})

BROKEN: dict[str, tuple[Break, str]] = {
    "no config": (remove("config.json"), "no config.json in the folder"),
    "empty folder": (
        remove(*(path.name for path in EMBEDDED.iterdir())),
        "the folder is empty",
    ),
    "config is a list": (write("config.json", "[1]"), "config.json must hold a JSON object"),
    "config is empty": (write("config.json", ""), "config.json is empty"),
    "config is cut off": (write("config.json", '{"model_type": '), "config.json is not valid JSON"),
    "config is nested": (write("config.json", '{"a": ' + "[" * 200_000), "nested too deeply"),
    "config has a huge number": (write("config.json", '{"a": ' + "1" * 9000 + "}"), "not valid"),
    "config is UTF-16": (write("config.json", "{}".encode("utf-16")), "not valid JSON"),
    "config has a byte-order mark": (write("config.json", "\ufeff{}"), "byte-order mark"),
    "config is a web page": (write("config.json", "<!DOCTYPE html><p>"), "a web page"),
    "config is large": (sparse("config.json", 9_000_000), "at most 8 MB"),
    "config is a pipe": (pipe("config.json"), "config.json is not a regular file"),
    "config is a device": (linked("config.json", "/dev/zero"), "not a regular file"),
    "config is a folder": (
        both(remove("config.json"), lambda folder: (folder / "config.json").mkdir()),
        "config.json is not a regular file",
    ),
    "config links to nothing": (linked("config.json", "gone"), "download is incomplete"),
    "a pointer for the configuration": (write("config.json", POINTER), "git lfs pull"),
    "a pointer for the weights": (write(WEIGHTS, POINTER), "git lfs pull"),
    "a pointer for the tokenizer": (write("tokenizer.json", POINTER), "git lfs pull"),
    "layers of 100,000": (configured(num_hidden_layers=100_000), "must be from 0 to 65536"),
    "layers of 60,000": (configured(num_hidden_layers=60_000), "the weights hold 6"),
    "nested layers": (configured(vision_config={"num_hidden_layers": 9999}), "the weights hold 6"),
    "labels below 0": (configured(num_labels=-1), "num_labels is -1, but must be from 0"),
    "a width below 0": (configured(intermediate_size=-5), "intermediate_size is -5"),
    "no heads of keys": (configured(num_key_value_heads=0), "num_key_value_heads must be"),
    "heads below 0": (configured(num_attention_heads=-4), "num_attention_heads must be"),
    "heads of size 0": (configured(head_dim=0), "head_dim must be a whole number from 1"),
    "an activation from the future": (
        configured(hidden_act="swash"),
        "hidden_act is 'swash', which transformers",
    ),
    "a rotary type from the future": (
        configured(rope_parameters={"rope_type": "spiral", "rope_theta": 1e4}),
        "rope_parameters.rope_type is 'spiral', which transformers",
    ),
    "a rotary base as text": (
        configured(rope_parameters={"rope_type": "default", "rope_theta": "x"}),
        "config.json describes a model that cannot be built",
    ),
    "a text model that is a text": (
        configured(text_config="x"),
        "text_config must be an object, not 'x'",
    ),
    "a text model in a Llama": (configured(text_config={}), "type 'llama' has no text_config"),
    "padding beyond the vocabulary": (
        configured(pad_token_id=9999, model_type="mistral"),
        "pad_token_id is 9999, but the vocabulary has 4096 tokens",
    ),
    "a number type that is none": (
        configured(dtype="float33", model_type="mistral"),
        "dtype is 'float33'",
    ),
    "a number type that is a number": (configured(dtype=5, model_type="mistral"), "dtype is 5"),
    "a model type that is a list": (configured(model_type=["llama"]), "model_type must be a text"),
    "a nested generation config": (
        write("generation_config.json", "[" * 100_000),
        "generation_config.json is nested too deeply",
    ),
    "a generation config of another kind": (
        write("generation_config.json", "[1]"),
        "generation_config.json must hold a JSON object",
    ),
    "a generation config with a byte-order mark": (
        write("generation_config.json", '\ufeff{"eos_token_id": 0}'),
        "generation_config.json begins with a byte-order mark",
    ),
    "a generation config with a wrong value": (
        both(
            write("generation_config.json", '{"cache_implementation": "none"}'),
            configured(an_unknown_field=1),
        ),
        "generation_config.json cannot be read: Invalid `cache_implementation`",
    ),
    "a nested tokenizer config": (
        write("tokenizer_config.json", "[" * 100_000),
        "tokenizer_config.json is nested too deeply",
    ),
    "a tokenizer config with a wrong value": (
        write("tokenizer_config.json", '{"eos_token": 5}'),
        "a setting of the tokenizer (tokenizer_config.json) cannot be read",
    ),
    "an end of text that is a text": (ended("</s>"), "a list of token ids, not '</s>'"),
    "an end of text that is a fraction": (ended(0.5), "a list of token ids, not 0.5"),
    "an end of text that is true": (ended(True), "a list of token ids, not True"),
    "ends of text that are lists": (ended([0, [1]]), "a list of token ids, not [0, [1]]"),
    "layers below 0": (configured(num_hidden_layers=-1), "a whole number from 1, not -1"),
    "layers of 0": (configured(num_hidden_layers=0), "a whole number from 1"),
    "layers as text": (configured(num_hidden_layers="6"), "not '6'"),
    "layers as a list": (configured(num_hidden_layers=[6]), "a whole number from 1"),
    "layers as a fraction": (configured(num_hidden_layers=6.5), "not 6.5"),
    "layers as infinity": (configured(num_hidden_layers=float("inf")), "not inf"),
    "a vocabulary of billions": (configured(vocab_size=10**12), "vocab_size must be"),
    "labels in billions": (configured(num_labels=10**9), "num_labels is 1000000000"),
    "no tokenizer": (remove(*TOKENIZER), "there is no tokenizer in the folder"),
    "a tokenizer's settings alone": (remove("tokenizer.json"), "tokenizer"),
    "a broken tokenizer": (write("tokenizer.json", "{"), "tokenizer.json is not valid JSON"),
    "a tokenizer of another kind": (write("tokenizer.json", "{}"), "tokenizer.json cannot be read"),
    "a tokenizer of 200 MB": (sparse("tokenizer.json", 200_000_000), "at most 64 MB"),
    "a tokenizer that is a pipe": (pipe("tokenizer.json"), "not a regular file"),
    "a template that is a pipe": (pipe("chat_template.jinja"), "not a regular file"),
    "another file that is a pipe": (pipe("added_tokens.json"), "not a regular file"),
    "no weights": (remove(WEIGHTS), r"no *.safetensors weights in the folder"),
    "a pickle for weights": (moved_to("pytorch_model.bin"), "save_pretrained()"),
    "GGUF for weights": (moved_to("model-q4.gguf"), "GGUF files: model-q4.gguf. Give the path"),
    "weights under another name": (moved_to("weights.safetensors"), "Rename"),
    "weights cut off": (sparse(WEIGHTS, 5_000_000), "is cut off"),
    "weights cut off early": (sparse(WEIGHTS, 100), "is cut off"),
    "weights that are a pipe": (pipe(WEIGHTS), "not a regular file"),
    "weights of zeros": (write(WEIGHTS, bytes(5000)), "broken header"),
    "weights with a huge header": (
        both(write(WEIGHTS, struct.pack("<Q", 90_000_000)), sparse(WEIGHTS, 100_000_000)),
        "more than 32 MB",
    ),
    "a nested header": (header(b"[" * 100_000), "broken header"),
    "a header that is a list": (header([]), "broken header"),
    "a tensor that is a number": (header({"a": 1}), "broken entry"),
    "a tensor with a negative shape": (
        header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, 4),
        "broken entry",
    ),
    "a tensor of another size": (
        header({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4]}}, 4),
        "does not match its shape",
    ),
    "weights with a tail": (
        lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b"tail"),
        "model.safetensors cannot be read",
    ),
    "100,001 tensors": (
        header({f"a.{each}": {} for each in range(100_001)}),
        "model.safetensors: 100,001 tensors, but models of at most 100,000",
    ),
    "100,001 tensors in an index": (
        both(
            remove(WEIGHTS),
            write(INDEX, json.dumps({"weight_map": dict.fromkeys(range(100_001), "a")})),
        ),
        "model.safetensors.index.json: 100,001 tensors",
    ),
    "10,001 shards": (
        both(
            remove(WEIGHTS),
            write(
                INDEX,
                json.dumps({"weight_map": {n: f"{n}.safetensors" for n in range(10_001)}}),
            ),
        ),
        "names 10,001 files of weights",
    ),
    "tensors that overlap": (
        header(
            {each: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for each in "ab"},
            8,
        ),
        "overlap",
    ),
    "missing shards": (
        both(
            remove(WEIGHTS),
            write(
                INDEX, '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
            ),
        ),
        "2 of 2 weight files are missing: model-1.safetensors, model-2.safetensors",
    ),
    "shards elsewhere": (
        both(remove(WEIGHTS), write(INDEX, '{"weight_map": {"a": "../x.safetensors"}}')),
        "not a safetensors file in the folder",
    ),
    "an index without names": (both(remove(WEIGHTS), write(INDEX, "{}")), "has no weight_map"),
    "an adapter": (
        both(
            remove("config.json"),
            moved_to("adapter_model.safetensors"),
            write("adapter_config.json", LORA),
        ),
        "a LORA adapter of 'someone/base'",
    ),
    "a pipeline for images": (
        both(remove("config.json"), write("model_index.json", "{}")),
        "a pipeline that makes images",
    ),
    "the publisher's layout": (
        both(remove("config.json"), write("params.json", "{}")),
        "publisher's own layout",
    ),
    "no model type": (
        both(write("config.json", '{"hidden_size": 256}')),
        "has no model_type",
    ),
    "a model type from the future": (
        configured(model_type="llama9", architectures=["Llama9ForCausalLM"]),
        "does not support the model type 'llama9'",
    ),
    "code of its own": (
        configured(model_type="own", auto_map={"AutoConfig": "own.Config"}),
        "which MAV never runs",
    ),
    "shapes of another size": (configured(intermediate_size=700), "other shapes"),
    "a larger vocabulary": (configured(vocab_size=5000), "embed_tokens.weight is [4096, 256]"),
    "a layer too many": (configured(num_hidden_layers=7), "lack 9 of the model's tensors"),
    "far larger layers": (configured(hidden_size=25_600), "the weights hold"),
    "heads without end": (configured(head_dim=2_000_000_000), "head_dim is 2000000000"),
    "heads that do not divide": (configured(num_attention_heads="4"), "config.json"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_unusable_folder_is_an_error_with_its_reason(folder: Path, broken: str) -> None:
    breaking, words = BROKEN[broken]
    breaking(folder)
    detail = why(folder)
    assert words in detail
    assert detail.startswith("model: ")
    # The list of models has it too, without loading anything.
    assert describe(str(folder), name="broken").name == "broken"


def test_an_attention_that_the_configuration_names_needs_no_package(folder: Path) -> None:
    configured(attn_implementation="flash_attention_2")(folder)
    assert load(folder).info.name == "model"


def test_a_stray_safetensors_file_and_a_readable_pipe_elsewhere_are_no_fault(folder: Path) -> None:
    (folder / "optimizer.safetensors").write_bytes(b"")
    os.mkfifo(folder / "control")
    assert problem(str(folder)) is None
    assert load(folder).info.name == "model"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.safetensors", b"\0" * 2000, "Give the folder that holds it"),
        ("q4.gguf", b"GGUF" + bytes(2000), "q4.gguf has version 0 of GGUF"),
        ("q5.gguf", bytes(2000), "q5.gguf is not a GGUF file"),
        ("renamed", b"GGUF" + bytes(2000), "renamed has version 0 of GGUF"),
        ("pytorch_model.bin", b"PK\x03\x04" + bytes(2000), "can run code when they are read"),
        ("weights.pt", b"\x80\x02" + bytes(2000), "can run code when they are read"),
        ("model.zip", b"PK\x03\x04" + bytes(2000), "is an archive"),
        ("model.safetensors", POINTER.encode(), "git lfs pull"),
        ("notes.md", b"# Notes", "Give the folder that holds config.json"),
    ],
)
def test_a_file_in_place_of_a_folder(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in why(tmp_path / name)


def test_a_pipe_or_device_in_place_of_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a folder nor a file" in why(tmp_path / "pipe")
    assert "neither a folder nor a file" in why("/dev/zero")


@pytest.mark.parametrize(
    "name",
    [
        "/no/such/folder", "./no-such", "../no", "~/no-such-folder-here", "~nobody-here/x", "a/b/c",
        "no-such.gguf", "C:\\models\\x", "x" * 300, "/" + "x" * 5000, "a\0b", "/a\0b", "two\nlines",
        "\ud800", "-x", "..", "owner/", "/owner", "a//b", "é", "", " ",
    ],
)  # fmt: skip
def test_names_without_a_model_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MavError) as caught:
        load_backend(name)
    assert isinstance(caught.value, ModelNotFound | UnusableModel)
    assert len(caught.value.detail) < 500


def test_a_folder_with_models_in_it_and_the_folder_of_the_hubs_cache(
    folder: Path, tmp_path: Path
) -> None:
    assert "holds other folders with models: model" in why(tmp_path)
    cached = tmp_path / "models--someone--story"
    (cached / "snapshots").mkdir(parents=True)
    folder.rename(cached / "snapshots" / "0123abcd")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123abcd", encoding="utf-8")
    assert load(cached).info.vocabulary == 4096


def test_an_encoder_decoder_and_an_encoder_are_refused(folder: Path) -> None:
    sizes = {"vocab_size": 300, "d_model": 32, "d_ff": 64, "num_layers": 1, "num_heads": 4}
    T5ForConditionalGeneration(T5Config(**sizes, d_kv=8)).save_pretrained(folder)
    assert "this is an encoder-decoder model" in why(folder)
    write("config.json", json.dumps({"model_type": "bert", "num_hidden_layers": 1}))(folder)
    assert "this is an encoder, which fills gaps" in why(folder)
    write("config.json", json.dumps({"model_type": "clip"}))(folder)
    assert "this is another kind of model (type 'clip')" in why(folder)


def test_a_tokenizer_with_no_tokens_is_refused(folder: Path) -> None:
    given = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    given["model"] = {**given["model"], "vocab": {"<|endoftext|>": 0}, "merges": []}
    (folder / "tokenizer.json").write_text(json.dumps(given), encoding="utf-8")
    assert "the tokenizer has no tokens" in why(folder)


def test_weights_that_are_stored_in_a_format_of_a_missing_package(folder: Path) -> None:
    configured(quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 32})(folder)
    assert "gptq" in why(folder).lower()


@pytest.mark.parametrize("kind", ["gpt2", "gpt_neox"])
def test_more_memory_than_there_is(
    kind: str, make_case: Callable[[str], Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_case(kind).folder
    monkeypatch.setattr("mav_engine.backends.memory.free_memory", lambda: 1000)
    assert "0.0 GB are free" in why(folder)


def test_buffers_that_would_fill_the_memory(tmp_path: Path) -> None:
    """GPT-2 keeps a mask of positions times positions besides its weights."""
    config = AutoConfig.for_model("gpt_bigcode", n_embd=8, n_layer=1, n_head=1, vocab_size=4096)
    config.n_positions = 32
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    for name in TOKENIZER:
        shutil.copy(EMBEDDED / name, tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    tensors["transformer.wpe.weight"] = torch.zeros(4_000_000, 8, dtype=torch.float16)
    save_file(tensors, tmp_path / WEIGHTS, metadata={"format": "pt"})
    configured(n_positions=4_000_000)(tmp_path)
    assert "GB are free" in why(tmp_path)


def test_the_parameters_of_the_embedded_model_are_counted() -> None:
    assert count_parameters(EMBEDDED) == 5_868_800
