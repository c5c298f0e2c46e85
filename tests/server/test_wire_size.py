"""How many bytes a token takes on the wire, with the most that can be asked of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import numpy as np
import orjson
import pytest
import torch
from starlette.testclient import TestClient
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine.backends import load_backend
from mav_engine.config import ServerConfig
from mav_engine.contract.arrays import to_wire
from mav_engine.contract.events import from_json
from mav_engine.models import EMBEDDED_DIR
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.http import compression
from tests.server.servers import LOCAL

DEFAULT_MOST = 6_000
ALL_MOST = 60_000
KEYS = 512
EVERYTHING = ["residual", "mlp", "attention_entropy", "attention_rows", "logit_lens", "tiles"]


@pytest.fixture(scope="module", params=["near even", "sharp"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A server of a model with the layers and heads of GPT-2; its attention is random."""
    folder = tmp_path_factory.mktemp("models") / "twelve"
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        "gpt2", vocab_size=4096, n_embd=192, n_positions=640, bos_token_id=0, eos_token_id=0
    )
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for block in model.transformer.h:
            block.attn.c_attn.weight.mul_(8 if request.param == "near even" else 40)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED_DIR / "mav-tiny").save_pretrained(folder)
    backend = load_backend(str(folder), name="twelve")
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


@pytest.mark.parametrize("evenness", [0.02, 0.5, 1.0, 100.0])
def test_rows_of_any_kind_leave_room_for_the_rest(evenness: float) -> None:
    rows = np.random.default_rng(0).dirichlet([evenness] * KEYS, size=(12, 12))
    data = orjson.dumps(to_wire(rows.astype(np.float32), shares=True))
    deflate = zlib.compressobj(compression.LEVEL)
    assert len(deflate.compress(data) + deflate.flush()) <= 45_000
