"""GGUF files that are cut off, manipulated or of another kind are refused with a reason, and
without taking the memory that their headers ask for."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type

from mav_engine.backends import load_backend
from mav_engine.contract.events import Error
from mav_engine.errors import MavError, UnusableModel
from mav_engine.models.description import describe, problem
from mav_engine.models.folder import check_model
from mav_engine.models.gguf.header import read_header
from tests.engine.gguf_files import write_file, write_model
from tests.engine.runs import alone
from tests.engine.test_gguf import LLAMA, make_model
from tests.engine.test_gguf_tokenizer import byte_level, write

HUGE = 2**63


def text(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def setting(name: str | bytes, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def number(name: str, value: int) -> bytes:
    return setting(name, 4, struct.pack("<I", value))


def array(kind: int, count: int, values: bytes = b"") -> bytes:
    return struct.pack("<IQ", kind, count) + values


def tensor(
    name: str = "token_embd.weight",
    shape: tuple[int, ...] = (32, 4),
    kind: int = 0,
    offset: int = 0,
    dimensions: int | None = None,
) -> bytes:
    count = len(shape) if dimensions is None else dimensions
    sizes = struct.pack(f"<{len(shape)}Q", *shape)
    return text(name) + struct.pack("<I", count) + sizes + struct.pack("<IQ", kind, offset)


ARCHITECTURE = setting("general.architecture", 8, text("llama"))


def file_of(
    *settings: bytes,
    tensors: tuple[bytes, ...] = (),
    version: int = 3,
    magic: bytes = b"GGUF",
    counts: tuple[int, int] | None = None,
    data: bytes = bytes(4096),
) -> bytes:
    counted = (len(tensors), len(settings)) if counts is None else counts
    head = magic + struct.pack("<IQQ", version, *counted) + b"".join(settings) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data


BROKEN: dict[str, tuple[bytes, str]] = {
    "another magic": (file_of(ARCHITECTURE, magic=b"GGML"), "does not begin with GGUF"),
    "zeros": (bytes(5000), "does not begin with GGUF"),
    "an old version": (file_of(ARCHITECTURE, version=1), "version 1 of GGUF"),
    "a future version": (file_of(ARCHITECTURE, version=77), "version 77 of GGUF"),
    "big-endian": (file_of(ARCHITECTURE, version=3 << 24), "big-endian"),
    "no settings": (file_of(), "does not name its architecture"),
    "an architecture that is a number": (
        file_of(number("general.architecture", 1)),
        "does not name its architecture",
    ),
    "settings without end": (file_of(counts=(0, HUGE)), "9,223,372,036,854,775,808 settings"),
    "tensors without end": (file_of(counts=(HUGE, 0)), "9,223,372,036,854,775,808 tensors"),
    "more settings than there are": (file_of(ARCHITECTURE, counts=(0, 9000)), "settings?|cut off"),
    "more tensors than there are": (
        file_of(ARCHITECTURE, counts=(90_000, 1), data=b""),
        "cut off in its header|0 dimensions",
    ),
    "a long name": (file_of(ARCHITECTURE, setting("n" * 5000, 0, b"\0")), "name has 5,000 bytes"),
    "a name of exabytes": (
        file_of(ARCHITECTURE, struct.pack("<Q", HUGE) + bytes(20)),
        "whose name has 9,223,",
    ),
    "a name that is no text": (file_of(ARCHITECTURE, setting(b"\xff", 0, b"\0")), "not UTF-8"),
    "a setting twice": (file_of(ARCHITECTURE, ARCHITECTURE), "general.architecture' twice"),
    "a text of exabytes": (
        file_of(ARCHITECTURE, setting("a", 8, struct.pack("<Q", HUGE))),
        "'a' has 9,223,372,036,854,775,808 bytes, but only",
    ),
    "a text that is no text": (file_of(ARCHITECTURE, setting("a", 8, text(b"\xff"))), "not UTF-8"),
    "an unknown kind of setting": (file_of(ARCHITECTURE, setting("a", 13, b"")), "unknown type 13"),
    "an array of exabytes": (
        file_of(ARCHITECTURE, setting("a", 9, array(4, HUGE))),
        "is cut off or broken: 'a'",
    ),
    "an array whose size overflows": (
        file_of(ARCHITECTURE, setting("a", 9, array(10, 2**61))),
        "is cut off or broken: 'a'",
    ),
    "texts without end": (
        file_of(ARCHITECTURE, setting("a", 9, array(8, HUGE))),
        "is cut off or broken: 'a'",
    ),
    "a text of an array that is too long": (
        file_of(ARCHITECTURE, setting("a", 9, array(8, 2, text("x") + struct.pack("<Q", 2**40)))),
        "is cut off or broken: 'a'",
    ),
    "a text of an array that is no text": (
        file_of(ARCHITECTURE, setting("a", 9, array(8, 1, text(b"\xc3")))),
        "not UTF-8",
    ),
    "arrays in arrays": (
        file_of(ARCHITECTURE, setting("a", 9, array(9, 1, array(9, 1, array(9, 1))))),
        "array of the unknown type 9",
    ),
    "an alignment of three": (
        file_of(ARCHITECTURE, number("general.alignment", 3), tensors=(tensor(),)),
        "must be a power of two",
    ),
    "an alignment of zero": (
        file_of(ARCHITECTURE, number("general.alignment", 0), tensors=(tensor(),)),
        "must be a power of two",
    ),
    "a tensor without dimensions": (
        file_of(ARCHITECTURE, tensors=(tensor(shape=()),)),
        "with 0 dimensions",
    ),
    "a tensor of a billion dimensions": (
        file_of(ARCHITECTURE, tensors=(tensor(dimensions=10**9),)),
        "with 1000000000 dimensions",
    ),
    "an unknown type of numbers": (
        file_of(ARCHITECTURE, tensors=(tensor(kind=99),)),
        "numbers of the type 99, which is not known",
    ),
    "a type that was removed": (
        file_of(ARCHITECTURE, tensors=(tensor(kind=4),)),
        "numbers of the type 4",
    ),
    "an empty tensor": (
        file_of(ARCHITECTURE, tensors=(tensor(shape=(32, 0)),)),
        r"shape \[0, 32\]",
    ),
    "a tensor of exabytes": (
        file_of(ARCHITECTURE, tensors=(tensor(shape=(2**40, 2**40)),)),
        "with the shape",
    ),
    "rows that are no blocks": (
        file_of(ARCHITECTURE, tensors=(tensor(shape=(100, 4), kind=12),)),
        "100 numbers in a row, which is no multiple of the 256",
    ),
    "a tensor out of line": (
        file_of(ARCHITECTURE, tensors=(tensor(offset=5),)),
        "at a place that is not aligned",
    ),
    "a tensor twice": (
        file_of(ARCHITECTURE, tensors=(tensor(), tensor(offset=512))),
        "token_embd.weight' twice",
    ),
    "tensors that overlap": (
        file_of(ARCHITECTURE, tensors=(tensor(), tensor("b", offset=32))),
        "overlap, such as 'b'",
    ),
    "a tensor beyond the end": (
        file_of(ARCHITECTURE, tensors=(tensor(offset=2**40),)),
        "is cut off: its header describes 1,099,511,",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(name: str, tmp_path: Path) -> None:
    content, message = BROKEN[name]
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(UnusableModel, match=message) as caught:
        read_header(path)
    assert caught.value.detail.startswith("model.gguf")
    assert len(caught.value.detail) < 500
    assert problem(str(path)) == caught.value.detail
    assert describe(str(path), name="broken").parameters is None
    with pytest.raises(UnusableModel):
        load_backend(str(path))


def test_a_valid_file_made_like_the_broken_ones_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(file_of(ARCHITECTURE, tensors=(tensor(), tensor("b", offset=512))))
    assert read_header(path).tensors["b"].shape == (4, 32)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    return write_model(path, make_model("llama", LLAMA), Type.Q4_0).read_bytes()


def test_files_that_end_anywhere_are_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    begin = read_header_size(whole, path)
    random = np.random.default_rng(5)
    ends = [0, 3, 4, 7, 8, 20, 24, begin - 1, begin, len(whole) - 1]
    for end in [*ends, *random.integers(0, begin, 60).tolist()]:
        path.write_bytes(whole[:end])
        with pytest.raises(UnusableModel):
            check_model(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(UnusableModel, match=r"^model\.gguf is cut off: its header describes"):
        load_backend(str(path))


def read_header_size(whole: bytes, path: Path) -> int:
    path.write_bytes(whole)
    return min(each.offset for each in read_header(path).tensors.values())


def test_changed_bytes_of_a_header_are_refused_or_harmless(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    begin = read_header_size(whole, path)
    random = np.random.default_rng(6)
    # The beginning and the tensors are where counts and lengths are; most of the rest are tokens.
    places = [*range(0, 600, 3), *range(begin - 1500, begin, 7)]
    refused = 0
    for place in places:
        changed = bytearray(whole)
        changed[place] = random.integers(0, 256)
        path.write_bytes(changed)
        try:
            check_model(path)
        except MavError:
            refused += 1
    assert refused > 50


HEADERS_LIKE_BOMBS = {
    "texts": file_of(ARCHITECTURE, setting("a", 9, array(8, 400_000_000))),
    "numbers": file_of(ARCHITECTURE, setting("a", 9, array(10, 400_000_000))),
    "a text": file_of(ARCHITECTURE, setting("a", 8, struct.pack("<Q", 3_000_000_000))),
}


@pytest.mark.parametrize("name", HEADERS_LIKE_BOMBS)
def test_large_files_of_nothing_take_no_memory(name: str, tmp_path: Path) -> None:
    """A sparse file has the bytes that its header asks for."""
    path = tmp_path / "model.gguf"
    path.write_bytes(HEADERS_LIKE_BOMBS[name])
    with path.open("r+b") as file:
        file.truncate(8_000_000_000)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from mav_engine.errors import UnusableModel\n"
        "from mav_engine.models.gguf.header import read_header\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_header(Path(sys.argv[1]))\n"
        "except UnusableModel as error:\n    print(error.detail)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    detail, grown = ended.stdout.splitlines()
    assert "too large" in detail or "too many" in detail
    assert int(grown) < 50_000  # kilobytes


def with_settings(**changes: Any) -> Callable[[Path], Path]:
    def made(path: Path) -> Path:
        named = {name.replace("__", "."): value for name, value in changes.items()}
        return write_model(path, make_model("llama", LLAMA), **named)

    return made


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "an adapter": (with_settings(general__type="adapter"), "is not a model, but contains one of"),
    "a part": (with_settings(split__count=3), "one of 3 parts of a model. Join them first"),
    "experts": (with_settings(llama__expert_count=8), "llama.expert_count is 8"),
    "a window": (with_settings(llama__attention__sliding_window=64), "sliding_window is 64"),
    "an unknown setting": (with_settings(llama__surprise=1), "llama.surprise is 1"),
    "a setting with numbers for each layer": (
        with_settings(llama__attention__head_count=[4, 2]),
        "llama.attention.head_count is array",
    ),
    "an unknown rotary type": (
        with_settings(llama__rope__scaling__type="longrope"),
        "only none, linear and yarn are supported",
    ),
    "a part of a head that turns": (
        with_settings(llama__rope__dimension_count=32),
        "rope.dimension_count is 32, but only 64",
    ),
    "no epsilon": (
        with_settings(llama__attention__layer_norm_rms_epsilon=None),
        "layer_norm_rms_epsilon is missing",
    ),
    "an infinite epsilon": (
        with_settings(llama__attention__layer_norm_rms_epsilon=float("inf")),
        "layer_norm_rms_epsilon is inf",
    ),
    "no heads": (with_settings(llama__attention__head_count=0), "head_count is 0"),
    "layers in billions": (
        with_settings(llama__block_count=2**31),
        "describes 2,147,483,648 layers",
    ),
    "a layer too many": (with_settings(llama__block_count=3), "model.layers.2"),
    "another width": (with_settings(llama__feed_forward_length=511), "has the shape|shape"),
    "no tokenizer": (
        with_settings(tokenizer__ggml__tokens=None, tokenizer__ggml__token_type=None),
        "has no tokenizer",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_not_understood_are_refused(name: str, tmp_path: Path) -> None:
    make, message = REFUSED[name]
    path = make(tmp_path / "model.gguf")
    with pytest.raises(UnusableModel, match=message) as caught:
        load_backend(str(path))
    assert "model.gguf" in caught.value.detail


def test_an_architecture_that_is_not_supported_is_named(tmp_path: Path) -> None:
    embedding = np.zeros((4096, 32), np.float32)
    path = tmp_path / "model.gguf"
    write_file(path, "surprise", byte_level(), {"token_embd.weight": (embedding, None)})
    with pytest.raises(UnusableModel, match=r"architecture 'surprise'.*Supported: .*llama.*qwen3"):
        load_backend(str(path))


def test_tokens_without_a_row_of_the_embedding_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", byte_level())
    content = path.read_bytes().replace(struct.pack("<QQ", 32, 4096), struct.pack("<QQ", 32, 4000))
    path.write_bytes(content)
    with pytest.raises(UnusableModel, match="has 4,096 tokens, but an embedding of 4,000"):
        check_model(path)


def test_types_that_are_known_but_not_read_are_named(tmp_path: Path) -> None:
    model = make_model("llama", LLAMA)
    path = write_model(tmp_path / "model.gguf", model)
    values = np.zeros((4096, 66), np.uint8)
    tensors: dict[str, Any] = {"token_embd.weight": (values, Type.IQ2_XXS)}
    settings = {**_settings_of(path), **byte_level(), "llama.block_count": 1}
    write_file(path, "llama", settings, tensors)
    with pytest.raises(UnusableModel, match=r"type IQ2_XXS, which are not supported.*Q4_K"):
        load_backend(str(path))


def _settings_of(path: Path) -> dict[str, Any]:
    settings = read_header(path).settings
    return {name: each for name, each in settings.items() if name.startswith("llama.")}


@pytest.mark.parametrize("kind", [Type.F32, Type.F16, Type.Q4_0, Type.Q8_0])
def test_weights_that_are_not_finite_end_a_run_with_the_reason(kind: Type, tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", make_model("llama", LLAMA), kind)
    found = read_header(path).tensors["blk.0.ffn_up.weight"]
    content = bytearray(path.read_bytes())
    nan = np.array([np.nan], np.float32 if kind is Type.F32 else np.float16).tobytes()
    content[found.offset : found.offset + len(nan)] = nan
    path.write_bytes(content)
    last = alone(load_backend(str(path)), prompt="Once upon a time", max_new_tokens=3)[-1]
    assert isinstance(last, Error)
    assert last.code == "not_finite"
