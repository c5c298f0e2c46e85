"""The recording with which an empty page begins is of the embedded model as it is."""

from __future__ import annotations

import numpy as np

from mav_engine import run
from mav_engine.contract.events import Start, Token
from mav_engine.contract.recording import replay
from tests.recorded import RECORDINGS

FILE = RECORDINGS.parents[1] / "frontend/public/recordings/mav-tiny-first.jsonl"


def test_the_embedded_model_writes_what_was_recorded() -> None:
    """After a change of the model or its tokenizer: make recording."""
    recorded = list(replay(FILE))
    [start] = [event for event in recorded if isinstance(event, Start)]
    settings = start.settings.model_copy(update={"capture": ["predictions"]})
    expected = [event for event in recorded if isinstance(event, Token)]
    tokens = [event for event in run(settings) if isinstance(event, Token)]
    assert [token.token for token in tokens] == [token.token for token in expected]
    for token, known in zip(tokens, expected, strict=True):
        np.testing.assert_allclose(token.logprob, known.logprob, rtol=1e-3, atol=1e-4)
