"""A run that was cut short goes on as if it had not been; what is not its token is refused."""

from __future__ import annotations

import base64
import shutil
import string
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from mav_engine import MavError, RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.hf.fingerprint import fingerprint
from mav_engine.contract.events import Event, Prompt, Token, to_json
from mav_engine.errors import InvalidSettings, ResumeRefused
from mav_engine.generation.resume_token import PROCESS_SEAL, Seal, Unfinished, model_of, resolve
from tests.engine.conftest import EMBEDDED, Case
from tests.engine.runs import alone, done_of, tokens_of

STORY = "Once upon a time, there was a little"
FAKE = FakeBackend()


def events_of(backend: Backend, **given: Any) -> list[Event]:
    source = {} if "resume" in given or "messages" in given else {"prompt": STORY}
    return alone(backend, **{**source, **given})


def prompt_of(events: list[Event]) -> Prompt:
    assert isinstance(events[1], Prompt)
    return events[1]


def fields_of(token: Token, *, but: str) -> dict[str, Any]:
    """What a client reads of a token, without the time that it took and one field more."""
    wire: dict[str, Any] = orjson.loads(to_json(token))
    return {name: value for name, value in wire.items() if name not in ("timing", but)}


def cut_up(backend: Backend, parts: list[int], **given: Any) -> list[list[Event]]:
    """The events of a run of several parts, each continuing the one before."""
    runs = [events_of(backend, max_new_tokens=parts[0], **given)]
    for part in parts[1:]:
        resume = done_of(runs[-1]).resume
        if resume is None:
            break
        runs.append(events_of(backend, resume=resume, max_new_tokens=part))
    return runs


CONTROLS = {
    "temperature": st.sampled_from([0.0, 0.7, 3.0]),
    "top_k": st.sampled_from([0, 3, 50]),
    "top_p": st.sampled_from([0.5, 1.0]),
    "repetition_penalty": st.sampled_from([1.0, 1.7]),
    "no_repeat_ngram_size": st.sampled_from([0, 2, 3]),
    "block_eos_steps": st.integers(0, 12),
    "block_ws_steps": st.integers(0, 12),
    "stop": st.lists(st.text("abcé", min_size=1, max_size=3), max_size=3),
    # Bytes of characters, so that runs are cut in the middle of one.
    "forced_ids": st.text("abé😀", max_size=3).map(lambda text: list(text.encode())[:3]),
}


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.integers(3, 7), min_size=2, max_size=4),
    controls=st.fixed_dictionaries({}, optional=CONTROLS),
    seed=st.integers(0, 2**53 - 1),
)
def test_the_parts_of_a_run_are_the_run(
    parts: list[int], controls: dict[str, Any], seed: int
) -> None:
    given = {**controls, "seed": seed}
    whole = events_of(FAKE, max_new_tokens=sum(parts), **given)
    runs = cut_up(FAKE, parts, **given)
    pieces = [token for events in runs for token in tokens_of(events)]
    assert [piece.token for piece in pieces] == [token.token for token in tokens_of(whole)]
    # The last token of a part includes held text, which the next part repeats.
    lasts = {tokens_of(events)[-1].index for events in runs[:-1]}
    for piece, token in zip(pieces, tokens_of(whole), strict=True):
        assert fields_of(piece, but="text") == fields_of(token, but="text")
        assert piece.text == token.text or piece.index in lasts
    for earlier, later in pairwise(runs):
        begin = tokens_of(later)[0].index
        before = "".join(token.text for token in tokens_of(whole)[:begin])
        assert (prompt_of(later).written, prompt_of(later).written_text) == (begin, before)
        assert (prompt_of(earlier).written_text + done_of(earlier).text).startswith(before)
    last = done_of(runs[-1])
    assert last.reason == done_of(whole).reason
    assert prompt_of(runs[-1]).written_text + last.text == done_of(whole).text


def assert_same_numbers(ours: list[Token], theirs: list[Token]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert (one.token, one.index, one.position) == (other.token, other.index, other.position)
        assert (one.forced, one.rank, one.text) == (other.forced, other.rank, other.text)
        assert one.logprob == pytest.approx(other.logprob, rel=1e-4, abs=1e-5)
        assert one.distribution.kept == other.distribution.kept
        for row, like in zip(one.top, other.top, strict=True):
            assert (row.id, row.cut_by) == (like.id, like.cut_by)
            assert row.sampled_prob == pytest.approx(like.sampled_prob, rel=1e-3, abs=1e-5)
        for name in ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy"):
            rows = getattr(one.layers, name), getattr(other.layers, name)
            np.testing.assert_allclose(*rows, rtol=1e-4, atol=1e-5)


def test_a_resumed_run_of_a_model_has_the_numbers_of_the_whole_run(case: Case) -> None:
    given: dict[str, Any] = {
        "temperature": 0.9,
        "seed": 11,
        "repetition_penalty": 1.3,
        "no_repeat_ngram_size": 3,
        "min_new_tokens": 12,
        "block_ws_steps": 10,
        "top_n": 10,
    }
    whole = tokens_of(events_of(case.backend, max_new_tokens=24, **given))
    first = events_of(case.backend, max_new_tokens=13, **given)
    second = events_of(case.backend, resume=done_of(first).resume, max_new_tokens=11)
    assert [token.id for token in prompt_of(second).tokens][-13:] == [
        token.token.id for token in whole[:13]
    ]
    assert_same_numbers(tokens_of(first) + tokens_of(second), whole)


def test_resumed_runs_in_half_precision_are_exact() -> None:
    half = load_backend("mav-tiny", dtype="bfloat16")
    given: dict[str, Any] = {"temperature": 1.2, "seed": 3, "min_new_tokens": 20, "top_k": 0}
    whole = events_of(half, max_new_tokens=40, **given)
    first = events_of(half, max_new_tokens=20, **given)
    second = events_of(half, resume=done_of(first).resume, max_new_tokens=20)
    pieces = tokens_of(first) + tokens_of(second)
    for piece, token in zip(pieces, tokens_of(whole), strict=True):
        assert fields_of(piece, but="text") == fields_of(token, but="text")
    expected = [token.logprob for token in tokens_of(first)]
    assert [token.logprob for token in prompt_of(second).tokens][-20:] == expected


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_attention_map_of_a_resumed_run_is_that_of_the_first_run(dtype: str) -> None:
    backend = load_backend("mav-tiny", dtype=dtype)
    given: dict[str, Any] = {"capture": ["attention_map"], "attn_every": 8}
    first = events_of(backend, max_new_tokens=8, **given)
    second = events_of(backend, resume=done_of(first).resume, max_new_tokens=1, **given)
    before, again = tokens_of(first)[-1].attention_map, prompt_of(second).attention_map
    assert before is not None
    assert again is not None
    keys = before.shape[-1]
    assert again.shape[-1] == keys + 1
    np.testing.assert_allclose(again[:, :, :keys, :keys], before, rtol=1e-4, atol=1e-5)
    assert again.sum(axis=-1) == pytest.approx(1, abs=1e-2)


def test_a_run_stopped_while_it_prefills_again_can_be_resumed() -> None:
    half = load_backend("mav-tiny", dtype="bfloat16")
    first = events_of(half, max_new_tokens=6, seed=1)
    given = RunSettings(resume=done_of(first).resume, max_new_tokens=2)
    answers = iter([None, None, "deadline"])
    events = list(run(given, backend=half, stop=lambda: next(answers)))  # type: ignore[arg-type]
    assert [event.type for event in events] == ["start", "done"]
    assert (done_of(events).reason, done_of(events).tokens) == ("deadline", 0)
    third = events_of(half, resume=done_of(events).resume)
    assert [token.index for token in tokens_of(third)] == [6, 7]


def test_a_character_that_was_cut_in_two_comes_whole(tiny: Backend) -> None:
    said = tiny.vocabulary.encode("a 😀 b", special=False)
    for cut in range(1, len(said)):
        answers = iter([*[None] * (cut - 1), "cancelled"])
        given = RunSettings(prompt="x", forced_ids=said, max_new_tokens=len(said))
        first = list(run(given, backend=tiny, stop=lambda answers=answers: next(answers)))  # type: ignore[arg-type,misc]
        assert done_of(first).reason == "cancelled"
        second = events_of(tiny, resume=done_of(first).resume)
        assert prompt_of(second).written_text + done_of(second).text == "a 😀 b"
        assert all("\ufffd" not in token.text for token in tokens_of(second))
        assert all(token.forced for token in tokens_of(second))


def test_a_stop_string_over_the_border_is_found_and_not_shown() -> None:
    said = list(b"one STOP two")
    given: dict[str, Any] = {"forced_ids": said, "stop": ["STOP"]}
    settings = RunSettings(prompt="x", max_new_tokens=20, **given)
    answers = iter([*[None] * 5, "deadline"])
    first = list(run(settings, backend=FAKE, stop=lambda: next(answers)))  # type: ignore[arg-type]
    assert (done_of(first).reason, done_of(first).text) == ("deadline", "one ST")
    second = events_of(FAKE, resume=done_of(first).resume)
    assert prompt_of(second).written_text == "one "
    assert (done_of(second).reason, done_of(second).text) == ("stop", "")
    assert done_of(second).resume is None


def test_the_settings_of_the_start_event_generate_the_whole_run(tiny: Backend) -> None:
    given: dict[str, Any] = {"temperature": 1.0, "seed": 4, "min_new_tokens": 9}
    first = events_of(tiny, max_new_tokens=9, **given)
    second = events_of(tiny, resume=done_of(first).resume, max_new_tokens=6, top_n=3)
    start = second[0]
    assert start.settings.max_new_tokens == 15
    assert (start.settings.prompt, start.settings.seed, start.settings.top_n) == (STORY, 4, 3)
    assert len(tokens_of(second)[0].top) == 3
    again = list(run(start.settings, backend=tiny))
    assert [token.token for token in tokens_of(again)] == [
        token.token for token in tokens_of(first) + tokens_of(second)
    ]


def test_a_conversation_is_resumed_with_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    first = events_of(FAKE, messages=messages, max_new_tokens=5, seed=1)
    monkeypatch.setattr(FAKE, "encode_messages", lambda _: [1, 2, 3])  # another day's template
    second = events_of(FAKE, resume=done_of(first).resume)
    ids = [token.id for token in prompt_of(second).tokens]
    assert ids == [token.id for token in prompt_of(first).tokens] + [
        token.token.id for token in tokens_of(first)
    ]


@pytest.mark.parametrize(("given", "more"), [({}, 64), ({"max_new_tokens": 2}, 2)])
def test_a_run_that_had_all_its_tokens_gets_more(given: dict[str, int], more: int) -> None:
    first = events_of(FAKE, max_new_tokens=5, block_eos_steps=500)
    assert done_of(events_of(FAKE, resume=done_of(first).resume, **given)).tokens == more


def test_a_run_that_was_cut_off_gets_what_it_lacked() -> None:
    answers = iter([None, None, "deadline"])
    given = RunSettings(prompt="x", max_new_tokens=10, block_eos_steps=10)
    first = list(run(given, backend=FAKE, stop=lambda: next(answers)))  # type: ignore[arg-type]
    second = events_of(FAKE, resume=done_of(first).resume)
    assert (done_of(second).tokens, done_of(second).reason) == (7, "length")


def test_finished_runs_have_no_resume_token(tiny: Backend) -> None:
    full = FakeBackend(context=40)
    ended = [
        (events_of(tiny, max_new_tokens=480), "eos"),
        (events_of(FAKE, forced_ids=list(b"abc"), stop=["c"]), "stop"),
        (events_of(full, max_new_tokens=64, block_eos_steps=64), "length"),
    ]
    for events, reason in ended:
        assert done_of(events).reason == reason
        assert done_of(events).resume is None


def test_a_resumed_run_ends_where_the_context_is_full() -> None:
    small = FakeBackend(context=len(STORY) + 12)
    runs = cut_up(small, [10, 50], block_eos_steps=60)
    assert (done_of(runs[-1]).tokens, done_of(runs[-1]).resume) == (2, None)


def signed(seal: Seal = PROCESS_SEAL, **changes: Any) -> str:
    run_of = RunSettings(prompt="x", seed=1)
    unfinished = Unfinished(run_of, FAKE.fingerprint, [1, 2], None)
    return seal.sign(replace(unfinished, **changes))


# Only once, since a token contains the time, which changes its length.
TOKEN = signed()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_token_that_was_changed_is_refused(data: Any) -> None:
    index = data.draw(st.integers(0, len(TOKEN) - 1))
    other = data.draw(st.sampled_from("aZ09-_.é") | st.characters(exclude_categories=["Cs"]))
    changed = TOKEN[:index] + data.draw(st.sampled_from([other, ""])) + TOKEN[index + 1 :]
    if changed != TOKEN:
        with pytest.raises(ResumeRefused, match="tart a new run") as caught:
            PROCESS_SEAL.read(changed)
        assert (caught.value.field, caught.value.code) == ("resume", "resume_refused")


def test_tokens_of_all_endings_can_be_read() -> None:
    seal = Seal(b"k" * 32, clock=lambda: 0.0)
    for count in range(1000):
        written = list(range(count % 40)) + [count] * 3
        assert seal.read(signed(seal, written=written)).written == written


def test_no_bit_and_no_character_of_a_token_is_free() -> None:
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    same_bytes = TOKEN[:-1] + alphabet[alphabet.index(TOKEN[-1]) + 1]
    for changed in (same_bytes, f"{TOKEN}!", f"{TOKEN}=", f"{TOKEN[:9]}\n{TOKEN[9:]}"):
        with pytest.raises(ResumeRefused, match="was changed or signed"):
            PROCESS_SEAL.read(changed)


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        ("mav1", "not a token of this version"),
        ("mav1..", "not a token of this version"),
        ("mav1.a.", "not a token of this version"),
        ("mav2.a.b", "this version"),
        ("Once upon", "not a token of this version"),
        ("mav1.a.b", "changed"),
        (signed(Seal.of("another secret of some length")), "MAV_SECRET"),
        (signed(fingerprint="another"), "another model"),
        (signed(Seal(PROCESS_SEAL.key, clock=lambda: 0.0)), "expired"),
    ],
    ids=["kind", "empty", "no signature", "newer", "text", "forged", "secret", "model", "old"],
)
def test_invalid_resume_tokens_are_refused(token: str, detail: str) -> None:
    with pytest.raises(ResumeRefused, match=detail) as caught:
        events_of(FAKE, resume=token)
    assert caught.value.field == "resume"


def test_the_model_of_a_token_is_read_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    run_of = RunSettings(prompt="x", seed=1, model="another/model")
    token = signed(Seal.of("another secret of some length"), settings=run_of)
    assert model_of(token) == "another/model"
    # A forged token may be small and contain gigabytes.
    monkeypatch.setattr("mav_engine.generation.resume_token.MAX_PAYLOAD", 20)
    assert model_of(token) is None


@pytest.mark.parametrize("payload", [{"settings": {"model": 5}}, {"settings": {}}, {}, [1], "x"])
def test_a_forged_token_may_name_no_model(payload: Any) -> None:
    def forged(payload: Any) -> str:
        packed = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(payload)))
        return f"mav1.{packed.decode().rstrip('=')}.a"

    assert model_of(forged({"settings": {"model": "fake"}})) == "fake"
    assert model_of(forged(payload)) is None


@pytest.mark.parametrize("token", ["mav1", "mav1.a.b", "mav1..", "Once upon", f"mav2{TOKEN[4:]}"])
def test_what_is_no_token_names_no_model(token: str) -> None:
    assert model_of(token) is None


def test_a_token_expires() -> None:
    now = [1000.0]
    seal = Seal(b"k" * 32, lifetime_s=60, clock=lambda: now[0])
    token = signed(seal)
    now[0] += 2 * 60 - 1
    assert seal.read(token).written == [1, 2]
    now[0] += 1
    with pytest.raises(ResumeRefused, match="expired 0 seconds ago"):
        seal.read(token)


@pytest.mark.parametrize("ahead_s", [-1e9, -300, 0, 299])
def test_the_clocks_of_servers_may_differ(ahead_s: float) -> None:
    signing = Seal(b"k" * 32, lifetime_s=600, clock=lambda: 2e9)
    reading = Seal(b"k" * 32, lifetime_s=600, clock=lambda: 2e9 + 600 + ahead_s)
    assert reading.read(signed(signing)).written == [1, 2]


def test_more_than_the_leeway_is_refused() -> None:
    signing = Seal(b"k" * 32, lifetime_s=600, clock=lambda: 2e9)
    reading = Seal(b"k" * 32, lifetime_s=600, clock=lambda: 2e9 + 600 + 301)
    with pytest.raises(ResumeRefused, match="expired 1 seconds ago"):
        reading.read(signed(signing))


def test_servers_that_share_a_secret_take_each_others_tokens() -> None:
    one, other = Seal.of("a secret of some length"), Seal.of("a secret of some length")
    assert other.read(signed(one)).written == [1, 2]
    assert "secret" not in repr(one)
    assert repr(one.key) not in repr(one)


def test_servers_without_a_secret_refuse_each_others_tokens() -> None:
    one, other = Seal.of(None), Seal.of(None)
    assert one.read(signed(one)).written == [1, 2]
    with pytest.raises(ResumeRefused, match="another key"):
        other.read(signed(one))


@pytest.mark.parametrize("secret", [None, "a secret of some length"])
def test_a_seal_has_the_given_lifetime(secret: str | None) -> None:
    assert (seal := Seal.of(secret, 60)).read(signed(seal)).written == [1, 2]
    with pytest.raises(ResumeRefused, match="expired"):
        (seal := Seal.of(secret, -60)).read(signed(seal))


def test_a_token_of_another_version_of_the_settings_is_refused() -> None:
    class Older(RunSettings):
        warmth: float = 1.0

    with pytest.raises(ResumeRefused, match="another version"):
        PROCESS_SEAL.read(signed(settings=Older(prompt="x", seed=1)))


@pytest.mark.parametrize(
    ("beside", "field"),
    [
        ({"prompt": "x"}, "prompt"),
        ({"messages": [{"role": "user", "content": "x"}]}, "messages"),
        ({"forced_ids": []}, "forced_ids"),
        ({"seed": 1}, "seed"),
        ({"temperature": 0.0}, "temperature"),
        ({"stop": ["x"]}, "stop"),
        ({"min_new_tokens": 1}, "min_new_tokens"),
    ],
)
def test_what_the_run_has_already_cannot_be_given_beside_it(
    beside: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidSettings, match="together with resume") as caught:
        RunSettings(resume=signed(), **beside)
    assert caught.value.field == field


def test_another_model_beside_a_token_is_refused() -> None:
    with pytest.raises(ResumeRefused, match="leave out model"):
        events_of(FAKE, resume=signed(), model="other")
    assert done_of(events_of(FAKE, resume=signed(), model="mav-tiny")).tokens > 0


def test_fewer_tokens_than_the_run_must_write_are_refused() -> None:
    must = RunSettings(prompt="x", seed=1, min_new_tokens=10)
    token = signed(settings=must)
    with pytest.raises(InvalidSettings, match="at least 8") as caught:
        events_of(FAKE, resume=token, max_new_tokens=7)
    assert caught.value.field == "max_new_tokens"
    assert done_of(events_of(FAKE, resume=token, max_new_tokens=8)).tokens == 8


@pytest.mark.parametrize(
    ("given", "most", "tokens"),
    [({}, None, 64), ({}, 5, 7), ({}, 100, 64), ({"max_new_tokens": 9}, 5, 11)],
)
def test_a_server_may_limit_the_tokens_of_a_client_that_names_no_number(
    given: dict[str, int], most: int | None, tokens: int
) -> None:
    whole, before = resolve(RunSettings(resume=signed(), **given), PROCESS_SEAL, most=most)
    assert whole.max_new_tokens == tokens
    assert before is not None
    assert before.written == [1, 2]


def test_a_token_stays_small_and_goes_into_an_address() -> None:
    first = events_of(FAKE, temperature=1.0, seed=1, max_new_tokens=512, block_eos_steps=512)
    token = done_of(first).resume
    assert token is not None
    assert len(token) < 512 * 2 + 1000
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def _changed(change: Callable[[Path], None], folder: Path) -> Backend:
    shutil.copytree(EMBEDDED, folder)
    change(folder)
    return load_backend(str(folder), name="mav-tiny")


def _train_a_little(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.1.self_attn.q_proj.weight"] += 1e-3
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _new_word(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("<|endoftext|>", "<|end|>"), encoding="utf-8"
    )
    path = folder / "tokenizer_config.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("<|endoftext|>", "<|end|>"), encoding="utf-8"
    )


@pytest.mark.parametrize("change", [_train_a_little, _new_word])
def test_a_model_that_changed_under_its_name_is_another(
    change: Callable[[Path], None], tiny: Backend, tmp_path: Path
) -> None:
    token = done_of(events_of(tiny, max_new_tokens=2)).resume
    with pytest.raises(MavError, match="have changed"):
        events_of(_changed(change, tmp_path / "model"), resume=token)


def test_the_same_model_loaded_again_is_the_same(tiny: Backend, tmp_path: Path) -> None:
    again = _changed(lambda _: None, tmp_path / "model")
    assert again.fingerprint == tiny.fingerprint
    assert load_backend("mav-tiny", dtype="bfloat16").fingerprint != tiny.fingerprint


def test_parameters_of_any_shape_have_a_fingerprint(tiny_case: Case) -> None:
    class Odd(torch.nn.Module):
        dtype = torch.float32

        def __init__(self, scale: float) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor(scale))
            self.none = torch.nn.Parameter(torch.empty(0, 4))
            self.elsewhere = torch.nn.Parameter(torch.empty(3, device="meta"))

    one, same, other = (
        fingerprint(Odd(scale), tiny_case.tokenizer, "float32") for scale in (1.0, 1.0, 2.0)
    )
    assert one == same != other


def test_a_fingerprint_leaves_random_state_alone(tiny_case: Case) -> None:
    before = torch.get_rng_state()
    assert load_backend("mav-tiny").fingerprint == tiny_case.backend.fingerprint
    assert torch.equal(torch.get_rng_state(), before)
