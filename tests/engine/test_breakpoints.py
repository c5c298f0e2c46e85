"""Breakpoints: each condition stops the run at its token, and the run goes on past it."""

from __future__ import annotations

import contextlib
import json
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.breakpoints import check_pattern
from mav_engine.compare.settings import parse_compare
from mav_engine.contract.events import Done, Error, Start, to_json
from mav_engine.contract.recording import replay, write
from mav_engine.errors import InvalidSettings
from mav_engine.generation import breakpoint_matcher
from mav_engine.generation.breakpoint_matcher import MIN_LOOP, WINDOW, MatchCount, loop_period
from mav_engine.settings import settings_from_query
from tests.engine.conftest import EMBEDDED
from tests.engine.runs import alone, done_of, tokens_of

STORY = "Once upon a time, there was a little"
FAKE = FakeBackend()
ASKED: dict[str, Any] = {"prompt": STORY, "temperature": 1.0, "seed": 3, "block_eos_steps": 200}


@pytest.fixture(scope="module")
def tiny() -> Backend:
    return load_backend(str(EMBEDDED))


def stops(backend: Backend, breakpoints: dict[str, Any], **settings: Any) -> list[Done]:
    """The ends of all parts of a run that is gone on with past each breakpoint; the parts are
    checked to be the run that has none."""
    whole = alone(backend, **settings)
    parts = [alone(backend, **settings, breakpoints=breakpoints)]
    while (done := done_of(parts[-1])).reason == "breakpoint":
        assert done.hits
        parts.append(alone(backend, resume=done.resume))
    ids = [token.token.id for part in parts for token in tokens_of(part)]
    assert ids == [token.token.id for token in tokens_of(whole)]
    assert done_of(parts[-1]).reason == done_of(whole).reason
    assert done_of(parts[-1]).hits == []
    return [done_of(part) for part in parts]


def lengths(ends: list[Done]) -> list[int]:
    """After how many tokens in all each part ended."""
    totals = [0]
    for end in ends:
        totals.append(totals[-1] + end.tokens)
    return totals[1:-1]


def test_entropy_and_probability_stop_at_each_token_that_passes_them(tiny: Backend) -> None:
    settings = {**ASKED, "max_new_tokens": 40}
    tokens = tokens_of(alone(tiny, **settings))
    breakpoints = {"entropy_above": 2.5, "probability_below": 0.02}
    ends = stops(tiny, breakpoints, **settings)
    expected = [
        each.index + 1
        for each in tokens[:-1]
        if each.entropy > 2.5 or (each.top[0].prob > 0 and each.logprob < -3.912023)
    ]
    assert lengths(ends) == expected
    assert len(expected) > 2
    for end, length in zip(ends, expected, strict=False):
        token = tokens[length - 1]
        found = {hit.condition: hit.value for hit in end.hits}
        if token.entropy > 2.5:
            assert found["entropy_above"] == pytest.approx(token.entropy, rel=1e-4)
        else:
            assert set(found) == {"probability_below"}


def test_a_text_stops_where_it_is_complete_across_tokens(tiny: Backend) -> None:
    settings = {**ASKED, "temperature": 0.0, "max_new_tokens": 60}
    text = done_of(alone(tiny, **settings)).text
    words = text.split()
    phrase = " ".join(words[4:6])
    ends = stops(tiny, {"text": phrase}, **settings)
    assert ends[0].hits[0].condition == "text"
    assert ends[0].hits[0].found == phrase
    before = ends[0].text
    assert before.count(phrase) == 1
    assert not before[: -len(phrase)].count(phrase)
    assert len(ends) - 1 == text.count(phrase)


def test_a_pattern_reports_its_match_and_does_not_hit_a_match_that_grows() -> None:
    ids = list(b"ab12")
    # Forced tokens are not checked, but their text counts.
    end = done_of(alone(FAKE, prompt="x", forced_ids=ids, breakpoints={"pattern": r"\d+"}, seed=1))
    assert end.reason != "breakpoint" or end.hits[0].found != "12"
    settings = {"prompt": "x", "temperature": 3.0, "seed": 8, "max_new_tokens": 60, "top_k": 0}
    ends = stops(FAKE, {"pattern": "[A-Za-z]+"}, **settings)
    assert len(ends) > 2
    for end in ends[:-1]:
        (hit,) = end.hits
        assert hit.condition == "pattern"
        assert hit.found
        assert len(hit.found) == 1


@settings(max_examples=100, deadline=None)
@given(
    group=st.lists(st.integers(0, 5), min_size=1, max_size=9),
    before=st.lists(st.integers(6, 30), max_size=5, unique=True),
    repeats=st.integers(1, 12),
)
def test_a_loop_is_a_group_of_tokens_generated_three_times(
    group: list[int], before: list[int], repeats: int
) -> None:
    ids = before + group * repeats
    period = loop_period(ids)
    if repeats >= 3 and len(group) * repeats >= MIN_LOOP:
        assert 0 < period <= len(group)
        assert ids[-3 * period :] == ids[-period:] * 3
    if period:
        assert ids[-period:] * 3 == ids[-3 * period :]


def test_a_loop_stops_once_where_it_starts(tiny: Backend) -> None:
    ids = [tokens_of(alone(tiny, **ASKED, max_new_tokens=6))[at].token.id for at in range(3)]
    # The embedded model continues a repetition in its prompt.
    settings = {"prompt": STORY, "min_new_tokens": 24, "max_new_tokens": 24, "forced_ids": ids * 2}
    chosen = tokens_of(alone(tiny, **settings))[6:]
    whole = [*ids * 2, *(token.token.id for token in chosen)]
    starts = [
        length
        for length in range(7, 24)
        if loop_period(whole[:length]) and not loop_period(whole[: length - 1])
    ]
    assert lengths(stops(tiny, {"loop": True}, **settings)) == starts


def test_steps_of_one_token_are_the_run(tiny: Backend) -> None:
    settings = {**ASKED, "max_new_tokens": 9, "min_new_tokens": 9}
    whole = [token.token.id for token in tokens_of(alone(tiny, **settings))]
    # Paused after four tokens by a disconnect, then single steps, then to the end.
    parts = [alone(tiny, **settings, forced_ids=whole[:4], breakpoints={"after": 5})]
    for length in (6, 7):
        resume = done_of(parts[-1]).resume
        parts.append(alone(tiny, resume=resume, breakpoints={"after": length}))
        assert done_of(parts[-1]).hits[0].condition == "after"
        assert done_of(parts[-1]).hits[0].value == length
    assert [len(tokens_of(part)) for part in parts] == [5, 1, 1]
    parts.append(alone(tiny, resume=done_of(parts[-1]).resume, breakpoints={}))
    assert [token.token.id for part in parts for token in tokens_of(part)] == whole


@pytest.mark.parametrize(
    "breakpoints", [{"probability_below": 0.05}, {"pattern": "[^a-z]"}, {"after": 3}]
)
def test_a_deadline_does_not_hide_a_breakpoint(breakpoints: dict[str, Any]) -> None:
    # A resumed run does not check earlier tokens again, so it would miss the breakpoint.
    given = RunSettings(
        prompt="x", temperature=2.0, seed=1, block_eos_steps=64, breakpoints=breakpoints
    )
    unbroken = done_of(list(run(given, backend=FAKE)))
    answers = iter([*[None] * (unbroken.tokens - 1), "deadline"])
    ended = done_of(list(run(given, backend=FAKE, stop=lambda: next(answers))))  # type: ignore[arg-type]
    assert unbroken.reason == "breakpoint"
    assert (ended.reason, ended.hits, ended.text) == ("breakpoint", unbroken.hits, unbroken.text)


def test_a_step_counts_given_tokens_too(tiny: Backend) -> None:
    ids = [token.token.id for token in tokens_of(alone(tiny, **ASKED, max_new_tokens=6))]
    part = alone(tiny, **ASKED, forced_ids=ids, breakpoints={"after": 2})
    assert (len(tokens_of(part)), done_of(part).reason) == (2, "breakpoint")


def test_the_end_of_a_run_is_no_breakpoint() -> None:
    end = done_of(alone(FAKE, prompt="a", max_new_tokens=3, breakpoints={"after": 3}))
    assert (end.reason, end.hits) == ("length", [])


@pytest.mark.parametrize(
    ("given", "field", "hint"),
    [
        ({"entropy_above": -1}, "breakpoints.entropy_above", "greater than or equal to 0"),
        ({"probability_below": 0}, "breakpoints.probability_below", "greater than 0"),
        ({"probability_below": 1.5}, "breakpoints.probability_below", "less than or equal to 1"),
        ({"text": ""}, "breakpoints.text", "at least 1"),
        ({"text": "a" * 201}, "breakpoints.text", "at most 200"),
        ({"pattern": "(a"}, "breakpoints.pattern", "not a valid regular expression"),
        ({"pattern": "a*"}, "breakpoints.pattern", "empty text"),
        ({"loop": "yes"}, "breakpoints.loop", "boolean"),
        ({"after": 0}, "breakpoints.after", "greater than or equal to 1"),
        ({"entropy": 1}, "breakpoints.entropy", "Did you mean entropy_above?"),
    ],
)
def test_what_cannot_be_watched_is_refused_by_name(
    given: dict[str, Any], field: str, hint: str
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        RunSettings(prompt="a", breakpoints=given)
    assert refused.value.field == field
    assert hint in refused.value.detail


def test_a_query_gives_them_as_json() -> None:
    settings = settings_from_query([("prompt", "a"), ("breakpoints", '{"loop": true, "after": 2}')])
    assert (settings.breakpoints.loop, settings.breakpoints.after) == (True, 2)


HUGE = [
    "a{1000000000}",
    "(a{1000}){1000}",
    "((((a{90}){90}){90}){90}){90}",
    r"(\pL{999}|x)+",
    "a{0,999999999}b",
]


@pytest.mark.parametrize("pattern", HUGE)
def test_a_pattern_that_expands_is_refused_before_it_is_expanded(pattern: str) -> None:
    for give in (
        lambda: RunSettings(prompt="a", breakpoints={"pattern": pattern}),
        lambda: settings_from_query(
            [("prompt", "a"), ("breakpoints", json.dumps({"pattern": pattern}))]
        ),
        lambda: settings_from_query(
            [("params", json.dumps({"prompt": "a", "breakpoints": {"pattern": pattern}}))]
        ),
        lambda: parse_compare(
            {"a": {"prompt": "a", "breakpoints": {"pattern": pattern}}, "b": {"model": "x"}}
        ),
    ):
        with pytest.raises(InvalidSettings) as refused:
            give()
        assert str(refused.value.field).endswith("breakpoints.pattern")
        assert "at most 1000" in refused.value.detail


def test_memory_stays_bounded_for_patterns_of_many_kinds() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    items = ["a", ".", r"\pL", r"\p{Lu}|x", "(?i:k)", "[^a]", "(?:a|b.)"]
    for item in items:
        for first in (2, 9, 99, 999):
            for second in (0, 9, 99, 999):
                pattern = f"(?:{item}){{{first}}}" + (
                    f"(?:{item}?){{{second}}}x" * 3 if second else ""
                )
                with contextlib.suppress(InvalidSettings):
                    check_pattern(pattern)
    used_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used_kb < 200_000


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("a(?=b)", "(?="),
        ("(?<!a)b", "(?<!"),
        (r"(a)\1", r"\1"),
        ("a" * 199 + "(", "missing )"),
        (r"\N{DIGIT ONE}", r"\N"),
        (r"a\\\C", r"\C"),
    ],
)
def test_syntax_that_re2_lacks_is_named(pattern: str, named: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        RunSettings(prompt="a", breakpoints={"pattern": pattern})
    assert named in refused.value.detail
    assert "no lookahead, lookbehind or backreferences" in refused.value.detail
    assert len(refused.value.detail) < 500


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)LILY|tom", "Then Lily", "Lily"),
        (r"\p{L}+é", "un café", "café"),
        ("(a|ab)(c|bcd)", "abcd", "abcd"),
        ("x{2,3}", "axxx", "xxx"),
        (r"(?P<word>\bno\b)", "no", "no"),
        (r"\{1000000000}", "{1000000000}", "{1000000000}"),
    ],
)
def test_what_a_pattern_finds(pattern: str, text: str, found: str) -> None:
    RunSettings(prompt="a", breakpoints={"pattern": pattern})
    (hit,) = MatchCount(None, pattern, "").push(text)
    assert (hit.condition, hit.found) == ("pattern", found)


@pytest.mark.parametrize("pattern", ["(a|a|aa)+[^a]b", "(x+x+)+y", "(a*)*b|c", "(.*)(.*)(.*)(.*)x"])
def test_a_pattern_that_backtracks_elsewhere_is_searched_in_linear_time(pattern: str) -> None:
    settings = {"prompt": "x", "forced_ids": list(b"a" * 60), "max_new_tokens": 70, "seed": 1}
    done = done_of(alone(FAKE, **settings, breakpoints={"pattern": pattern}))
    assert done.reason in ("length", "breakpoint")
    assert not MatchCount(None, pattern, "a" * WINDOW).push("a")


def test_a_search_that_takes_too_long_ends_its_own_run_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {"prompt": "x", "forced_ids": list(b"a" * 60), "max_new_tokens": 70, "seed": 1}
    with monkeypatch.context() as patch:
        patch.setattr(breakpoint_matcher, "SEARCH_S", -1)
        events = alone(FAKE, **settings, breakpoints={"pattern": "a"})
    error = events[-1]
    assert isinstance(error, Error), error
    assert (error.code, error.field) == ("pattern_too_slow", "breakpoints.pattern")
    assert done_of(alone(FAKE, **settings)).tokens == 70


def test_a_recording_with_a_pattern_of_another_engine_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write(alone(FAKE, prompt="x", max_new_tokens=2, breakpoints={"pattern": "PATTERN"}), path)
    pattern = "(?<=a)b{1000000000}"
    path.write_text(path.read_text(encoding="utf-8").replace("PATTERN", pattern), encoding="utf-8")
    start = next(replay(path))
    assert isinstance(start, Start)
    assert start.settings.breakpoints.pattern == pattern
    assert to_json(start) in path.read_bytes()
