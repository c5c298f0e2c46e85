"""How many bytes a token takes on the wire, with the most that can be asked of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest
import torch
from starlette.testclient import TestClient
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.config import ServerConfig
from mav_engine.contract.arrays import MAX_HALF_SHARES, to_wire
from mav_engine.contract.events import from_json, to_json
from mav_engine.models import EMBEDDED_DIR
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.http import compression
from tests.server.servers import LOCAL

DEFAULT_MOST = 6_000
ALL_MOST = 60_000
KEYS = 512
STACK = ["residual", "mlp", "attention_sources", "logit_lens"]
EVERYTHING = ["residual", "mlp", "attention_entropy", "attention_rows", "logit_lens", "tiles"]


@pytest.fixture(scope="module", params=["near even", "sharp"])
def attention(request: pytest.FixtureRequest) -> str:
    """How the random weights of attention are."""
    return str(request.param)


def made(folder: Path, attention: str, layers: int, heads: int) -> Backend:
    """A model of these layers and heads; its attention is random."""
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        "gpt2", vocab_size=4096, n_embd=16 * heads, n_positions=640, n_layer=layers, n_head=heads,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for block in model.transformer.h:
            block.attn.c_attn.weight.mul_(8 if attention == "near even" else 40)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED_DIR / "mav-tiny").save_pretrained(folder)
    return load_backend(str(folder), name=folder.name)


@pytest.fixture(scope="module")
def client(attention: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of a model with the layers and heads of GPT-2."""
    folder = tmp_path_factory.mktemp("models") / "twelve"
    backend = made(folder, attention, 12, 12)
    catalog = Catalog(models_dir=folder.parent, default="twelve")
    app = create_app(ServerConfig(), catalog, lambda *_, **__: backend)
    with TestClient(app, base_url=LOCAL) as client:
        yield client


def bytes_a_token(client: TestClient, capture: list[str], encoding: str) -> float:
    """What each token beyond the first two adds to a response; all have `KEYS` keys or more."""
    short, long = (_sent(client, capture, encoding, tokens) for tokens in (2, 10))
    return (long - short) / 8


def _sent(client: TestClient, capture: list[str], encoding: str, tokens: int) -> int:
    given = {"prompt": "cat " * KEYS, "max_new_tokens": tokens, "capture": capture}
    head = {"Accept-Encoding": encoding, "Accept": "application/x-ndjson"}
    with client.stream("POST", "/api/run", json=given, headers=head) as response:
        assert response.headers.get("content-encoding", "identity") == encoding
        sent = b"".join(response.iter_raw())
    text = gzip.decompress(sent) if encoding == "gzip" else sent
    events = [from_json(line) for line in text.splitlines()]
    found = [event for event in events if event.type == "token"]
    assert len(found) == tokens
    assert found[0].position >= KEYS
    assert (found[-1].attention_rows is not None) == ("attention_rows" in capture)
    return len(sent)


def test_default_probes(client: TestClient) -> None:
    assert bytes_a_token(client, EVERYTHING[:3], "identity") <= DEFAULT_MOST


def test_with_attention_rows_lens_and_tiles(client: TestClient) -> None:
    assert bytes_a_token(client, EVERYTHING, "gzip") <= ALL_MOST


@pytest.mark.parametrize(("layers", "heads", "most"), [(12, 12, 3000), (30, 9, 6000)])
def test_the_probes_of_the_stack(
    layers: int, heads: int, most: int, attention: str, tmp_path: Path
) -> None:
    """What sizes, sources and lens add to an event, without compression."""
    backend = made(tmp_path / "model", attention, layers, heads)

    def size(capture: list[str]) -> int:
        settings = RunSettings(prompt="cat " * KEYS, max_new_tokens=1, capture=capture)
        (token,) = (event for event in run(settings, backend=backend) if event.type == "token")
        return len(to_json(token))

    assert size(STACK) - size([]) <= most


@pytest.mark.parametrize("evenness", [0.02, 0.5, 1.0, 100.0])
def test_rows_of_any_kind_leave_room_for_the_rest(evenness: float) -> None:
    rows = np.random.default_rng(0).dirichlet([evenness] * KEYS, size=(12, 12))
    data = orjson.dumps(to_wire(rows.astype(np.float32), bytes_above=MAX_HALF_SHARES))
    deflate = zlib.compressobj(compression.LEVEL)
    assert len(deflate.compress(data) + deflate.flush()) <= 45_000
