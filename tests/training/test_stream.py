"""A training streams to a site elsewhere, which may be away, slow, or refuse it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from transformers import PreTrainedTokenizerFast

from mav_engine.errors import InvalidSettings, RecordingProblem
from mav_engine.training import TrainingWatch, replay_training, stream
from tests.server.servers import PATIENCE_S, RealServer, events_in, until
from tests.training.conftest import OPTIONS
from tests.training.trainings import PROMPTS, STEPS, Site, left_of, new_model, trained
from training.__main__ import main
from training.options import WATCH_FILE

TOKEN = "a-token-of-the-operator"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, and patience for what must happen; nothing that is asserted depends on them."""
    monkeypatch.setattr(stream, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(stream, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(stream, "GREETING_S", PATIENCE_S)
    monkeypatch.setattr(stream, "FLUSH_S", PATIENCE_S)
    monkeypatch.delenv("MAV_TRAINING_TOKEN", raising=False)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """Where a server never answers, a test need not wait for it either."""
    del site  # it is patient, and so comes first
    monkeypatch.setattr(stream, "GREETING_S", 0.05)
    monkeypatch.setattr(stream, "FLUSH_S", 0.05)


@pytest.fixture
def model() -> Any:
    return new_model().eval()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, logger=stream.__name__)
    return caplog


def watch_to(url: str, tokenizer: Any, recording: Path | None = None, **options: Any) -> Any:
    chosen = {"every": 1, "max_new_tokens": 2, "terminal": False, **options}
    return TrainingWatch(tokenizer, PROMPTS, stream=url, recording=recording, **chosen)


def steps_in(path: Path) -> list[tuple[int, int]]:
    return [(snapshot.step, snapshot.prompt) for snapshot, _ in replay_training(path)]


def both(*steps: int) -> list[tuple[int, int]]:
    """Looks at these steps, each with both prompts."""
    return [(step, prompt) for step in steps for prompt in (0, 1)]


def holds(site: Site, *steps: int) -> bool:
    """Whether these looks are there, in a file that may be written at this very moment."""
    try:
        return steps_in(site.recording) == both(*steps)
    except (FileNotFoundError, RecordingProblem):
        return False


def ends_with(site: Site, step: int) -> bool:
    """Whether the last look is there."""
    try:
        return steps_in(site.recording)[-1] == (step, 1)
    except RecordingProblem:
        return False


def test_watchers_of_the_site_see_each_look_during_the_training(
    spoken: PreTrainedTokenizerFast, tmp_path: Path, site: Site, model: Any
) -> None:
    kept = tmp_path / "t.jsonl"
    watch = watch_to(site.url, spoken, kept)
    assert site.server is not None
    with site.server.client.stream("GET", "/api/training") as answer:
        events = events_in(answer.iter_lines())
        watch.begin(model)
        lines = [orjson.loads(line) for line in kept.read_bytes().splitlines()]
        assert [next(events) for _ in lines] == lines
        watch.step(model, 1, loss=2.5)
        step = next(events)
        assert (step["type"], step["step"], step["loss"]) == ("training", 1, 2.5)
        watch.end()
    assert site.recording.read_bytes() == kept.read_bytes()


def test_a_site_that_is_away_at_first_gets_all_when_it_comes(
    spoken: PreTrainedTokenizerFast,
    tmp_path: Path,
    site: Site,
    model: Any,
    log: pytest.LogCaptureFixture,
) -> None:
    site.stop()
    watch = watch_to(site.url, spoken, tmp_path / "t.jsonl")
    watch.begin(model)
    watch.step(model, 1)
    assert log.text.count("cannot be reached") == 1
    site.start()
    until(lambda: holds(site, 0, 1))
    watch.step(model, 2)
    watch.end()
    assert site.recording.read_bytes() == (tmp_path / "t.jsonl").read_bytes()
    assert f"{site.url} accepts the training's snapshots" in log.text
    assert "lacks snapshots" not in log.text


def test_a_site_that_dies_and_comes_back_gets_each_look_once(
    spoken: PreTrainedTokenizerFast, tmp_path: Path, site: Site, model: Any
) -> None:
    watch = watch_to(site.url, spoken, tmp_path / "t.jsonl")
    watch.begin(model)
    until(lambda: holds(site, 0))
    for step in (1, 3):
        site.stop()
        watch.step(model, step)
        site.start()
        watch.step(model, step + 1)
        until(lambda: holds(site, *range(step + 2)))  # noqa: B023
    watch.end()
    assert site.recording.read_bytes() == (tmp_path / "t.jsonl").read_bytes()
    assert list(tmp_path.glob("streamed.*.jsonl")) == []


@pytest.mark.usefixtures("impatient")
def test_a_site_that_never_comes_costs_the_training_nothing(
    spoken: PreTrainedTokenizerFast, site: Site, log: pytest.LogCaptureFixture
) -> None:
    alone, losses = trained(None)
    expected = left_of(alone)
    site.stop()
    model, watched_losses = trained(watch_to(site.url, spoken, every=3))
    assert watched_losses == losses
    assert left_of(model) == expected
    assert log.text.count("cannot be reached") == 1
    assert "0 were dropped, 0 refused and 6 not sent" in log.text


@pytest.mark.usefixtures("impatient")
def test_a_site_that_does_not_respond_delays_nothing(
    spoken: PreTrainedTokenizerFast, log: pytest.LogCaptureFixture
) -> None:
    _, losses = trained(None)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        watch = watch_to(url, spoken, every=3)
        assert trained(watch)[1] == losses
    assert "6 not sent" in log.text
    assert watch.cost.snapshots == 3


def test_looks_that_do_not_fit_are_dropped_oldest_first_with_one_warning(
    spoken: PreTrainedTokenizerFast,
    site: Site,
    model: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    log: pytest.LogCaptureFixture,
) -> None:
    kept = tmp_path / "t.jsonl"
    first = watch_to(site.url, spoken, kept, append=True)
    first.begin(model)
    first.end()
    snapshot = kept.stat().st_size // 2
    monkeypatch.setattr(stream, "QUEUE_BYTES", int(3.5 * snapshot))
    site.stop()
    watch = watch_to(site.url, spoken, append=True)
    watch.begin(model, 10)
    for step in (11, 12, 13):
        watch.step(model, step)
    site.start()
    until(lambda: ends_with(site, 13))
    watch.end()
    # The last three of eight snapshots were kept, and all received ones are complete.
    assert steps_in(site.recording) == [*both(0), (12, 1), *both(13)]
    assert log.text.count("the oldest are dropped") == 1
    assert "5 were dropped, 0 refused and 0 not sent" in log.text


@pytest.mark.parametrize(
    ("config", "given", "field", "words"),
    [
        ({"training_token": TOKEN}, None, "stream_token", "has no token"),
        ({"training_token": TOKEN}, "a-token-of-another", "stream_token", "has the wrong token"),
        ({"receive_training": False}, None, "stream", "--receive-training"),
    ],
)
def test_a_refusal_of_the_site_is_reported_before_the_training_begins(
    spoken: PreTrainedTokenizerFast,
    site: Site,
    model: Any,
    tmp_path: Path,
    config: dict[str, Any],
    given: str | None,
    field: str,
    words: str,
) -> None:
    site.stop()
    site.start(**config)
    kept = tmp_path / "t.jsonl"
    kept.write_text("an earlier recording", encoding="utf-8")
    watch = watch_to(site.url, spoken, kept, stream_token=given)
    with pytest.raises(InvalidSettings, match=words) as refused:
        watch.begin(model)
    assert refused.value.field == field
    assert site.url in refused.value.detail
    assert kept.read_text(encoding="utf-8") == "an earlier recording"
    watch.end()


def test_the_token_comes_from_the_environment_too(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.stop()
    site.start(training_token=TOKEN)
    monkeypatch.setenv("MAV_TRAINING_TOKEN", f" {TOKEN}\n")
    watch = watch_to(site.url, spoken)
    watch.begin(model)
    watch.end()
    assert steps_in(site.recording) == both(0)


def test_a_later_refusal_of_the_site_is_logged_and_may_end(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, log: pytest.LogCaptureFixture
) -> None:
    watch = watch_to(site.url, spoken)
    watch.begin(model)
    until(lambda: holds(site, 0))
    site.stop()
    site.start(training_token=TOKEN)
    watch.step(model, 1)
    until(lambda: "has no token" in log.text)
    watch.step(model, 2)
    assert log.text.count("has no token") == 1
    assert TOKEN not in log.text
    site.stop()
    site.start(training_token=None)
    until(lambda: holds(site, 0, 1, 2))
    watch.end()


def test_a_look_that_is_too_large_is_reported_and_the_others_are_sent(
    spoken: PreTrainedTokenizerFast,
    site: Site,
    model: Any,
    tmp_path: Path,
    log: pytest.LogCaptureFixture,
) -> None:
    kept = tmp_path / "t.jsonl"
    watch = watch_to(site.url, spoken, kept)
    watch.begin(model)
    until(lambda: holds(site, 0))
    most = kept.stat().st_size
    site.stop()
    site.start(max_training_bytes=most)
    for step, tokens in ((1, 40), (2, 2)):
        watch._runs[0] = watch._runs[0].model_copy(update={"max_new_tokens": tokens})
        watch.step(model, step)
    until(lambda: ends_with(site, 2))
    watch.end()
    assert steps_in(site.recording) == [*both(0), (1, 1), *both(2)]
    assert log.text.count("refuses a snapshot") == 1
    assert "capture less" in log.text
    assert "0 were dropped, 1 refused and 0 not sent" in log.text


def test_two_at_once_the_second_waits_and_the_first_is_put_aside(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, log: pytest.LogCaptureFixture
) -> None:
    first, second = watch_to(site.url, spoken), watch_to(site.url, spoken)
    first.begin(model)
    stream._STREAMING.clear()  # as if in another process
    second.begin(model, 7)
    assert "refuses: Another training streams to this site" in log.text
    first.step(model, 1)
    first.end()
    until(lambda: holds(site, 7))
    second.end()
    assert steps_in(site.recording.with_name("streamed.1.jsonl")) == both(0, 1)


def test_a_training_that_was_interrupted_gives_way_to_the_next_of_its_process(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, log: pytest.LogCaptureFixture
) -> None:
    """As in a notebook: end() was not called."""
    first, second = watch_to(site.url, spoken), watch_to(site.url, spoken)
    first.begin(model)
    second.begin(model)
    second.step(model, 1)
    first.step(model, 9)
    second.end()
    assert "closed the stream of an earlier training" in log.text
    assert "Another training" not in log.text
    assert steps_in(site.recording) == both(0, 1)
    assert steps_in(site.recording.with_name("streamed.1.jsonl")) == both(0)


def test_a_resumed_training_continues_the_same_recording(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any
) -> None:
    for begun, append in ((0, False), (5, True)):
        watch = watch_to(site.url, spoken, append=append)
        watch.begin(model, begun)
        watch.step(model, begun + 1)
        watch.end()
    assert steps_in(site.recording) == both(0, 1, 5, 6)


def test_a_look_whose_answer_was_lost_is_stored_once(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, tmp_path: Path
) -> None:
    assert site.server is not None
    inbox = site.server.service.inbox
    assert inbox is not None
    received, lost = inbox.receive, []

    async def forgetful(request: Request) -> Any:
        answer = await received(request)
        if answer.stored and len(lost) < 2:
            lost.append(answer)
            raise RuntimeError("the answer is lost")
        return answer

    inbox.receive = forgetful  # type: ignore[method-assign]
    watch = watch_to(site.url, spoken, tmp_path / "t.jsonl")
    watch.begin(model)
    until(lambda: len(lost) == 2)
    watch.step(model, 1)
    watch.end()
    assert site.recording.read_bytes() == (tmp_path / "t.jsonl").read_bytes()
    assert not site.recording.with_name("streamed.1.jsonl").exists()


def test_a_recording_that_cannot_be_opened_takes_no_slot_of_the_site(
    spoken: PreTrainedTokenizerFast, site: Site, model: Any, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        watch_to(site.url, spoken, tmp_path / "no" / "t.jsonl").begin(model)
    begun = stream._STREAMING.get(site.url)
    assert begun is None or not begun.is_alive()
    watch = watch_to(site.url, spoken)
    watch.begin(model)
    watch.end()
    assert steps_in(site.recording) == both(0)
    assert [each.name for each in threading.enumerate() if each.name == "mav-training-stream"] == []


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A server that is no MAV."""

    async def moved(_: Request) -> Response:
        return RedirectResponse("http://elsewhere.invalid/\x1b[2J", 302)

    async def page(_: Request) -> Response:
        return PlainTextResponse("welcome")

    app = Starlette(
        routes=[
            Route("/moved/api/training", moved, methods=["POST"]),
            Route("/page/api/training", page, methods=["POST"]),
        ]
    )
    app.state.service = None
    server = RealServer(app)
    yield server.url
    server.stop()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/page", "no MAV that receives"), ("/nowhere/", "404"), ("/page/api/training", "no MAV")],
)
def test_another_kind_of_server_is_an_error(
    spoken: PreTrainedTokenizerFast, model: Any, elsewhere: str, path: str, words: str
) -> None:
    with pytest.raises(InvalidSettings, match=words):
        watch_to(elsewhere + path, spoken).begin(model)


def test_a_site_on_this_machine_needs_no_proxy_and_requests_are_not_logged(
    spoken: PreTrainedTokenizerFast,
    site: Site,
    model: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    caplog.set_level(logging.INFO)
    watch = watch_to(site.url, spoken)
    watch.begin(model)
    watch.end()
    assert steps_in(site.recording) == both(0)
    assert "HTTP Request" not in caplog.text


def test_an_unusable_proxy_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:9")
    with pytest.raises(InvalidSettings, match="HTTPS_PROXY") as caught:
        TrainingWatch(None, PROMPTS, stream="http://host:8000")
    assert caught.value.field == "stream"


def test_a_redirect_is_not_followed(
    spoken: PreTrainedTokenizerFast, model: Any, elsewhere: str
) -> None:
    watch = watch_to(f"{elsewhere}/moved", spoken, stream_token=TOKEN)
    with pytest.raises(InvalidSettings, match="stream to that site itself") as caught:
        watch.begin(model)
    assert "\x1b" not in caught.value.detail


@pytest.mark.parametrize(
    ("url", "token", "field"),
    [
        ("host:8000", None, "stream"),
        ("ftp://host", None, "stream"),
        ("http://", None, "stream"),
        ("http://host:port", None, "stream"),
        ("http://host:99999", None, "stream"),
        ("http://host/a b", None, "stream"),
        ("http://host/\r\nX: y", None, "stream"),
        ("http://me:secret@host", None, "stream"),
        ("http://host/?training=live", None, "stream"),
        ("http://host", "two words", "stream_token"),
        ("http://host", "line\nbreak", "stream_token"),
    ],
)
def test_an_invalid_address_is_an_error_at_once(url: str, token: str | None, field: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        TrainingWatch(None, PROMPTS, stream=url, stream_token=token)
    assert caught.value.field == field
    assert "secret@" not in caught.value.detail
    assert "two words" not in caught.value.detail


def test_the_program_that_trains_the_embedded_model_streams(
    corpus: Path, tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--corpus", str(corpus), "--out", str(tmp_path / "out"), *OPTIONS]
    assert main([*command, "--watch-stream", site.url]) == 2
    assert "--watch-steps" in capsys.readouterr().err
    assert main([*command, "--watch-steps", "4", "--watch-stream", site.url]) == 0
    assert site.recording.read_bytes() == (tmp_path / "out" / WATCH_FILE).read_bytes()


def test_steps_of_a_trained_loop_all_arrive(spoken: PreTrainedTokenizerFast, site: Site) -> None:
    trained(watch_to(site.url, spoken, every=2))
    assert steps_in(site.recording) == both(*range(0, STEPS + 1, 2))
