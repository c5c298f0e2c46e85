"""Without torch and transformers the embedded model runs, and others say what to install.

The programs run in processes in which neither package can be imported.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mav_engine import RunSettings
from mav_engine.backends import load_backend
from mav_engine.contract.events import Event, to_json
from mav_engine.generation.resume_token import Seal, resolve
from mav_engine.running.prepare import prepare
from mav_engine.running.run import events_of

if TYPE_CHECKING:
    from tests.engine.conftest import Case

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import sys
for name in ("torch", "transformers"):
    sys.modules[name] = None
"""
RUN = """
import json
from mav_engine.contract.events import to_json
from tests.engine.test_without_torch import events_of_settings
for event in events_of_settings(json.loads(sys.argv[1])):
    print(to_json(event).decode())
"""


def without_torch(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def events_without_torch(**settings: Any) -> list[dict[str, Any]]:
    ended = without_torch(RUN, json.dumps(settings))
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def events_with_torch(**settings: Any) -> list[dict[str, Any]]:
    return [json.loads(to_json(each)) for each in events_of_settings(settings)]


def events_of_settings(settings: dict[str, Any]) -> Iterator[Event]:
    """A run on a server whose secret others share."""
    seal = Seal.of("a secret of two servers")
    resolved, before = resolve(RunSettings(**settings), seal)
    return events_of(prepare(resolved, load_backend("mav-tiny"), before=before, seal=seal))


SAMPLED = {
    "prompt": "Once upon a time there was",
    "max_new_tokens": 24,
    "temperature": 0.9,
    "seed": 5,
    "top_p": 0.9,
    "min_p": 0.02,
    "repetition_penalty": 1.2,
    "no_repeat_ngram_size": 3,
    "capture": [
        "predictions", "distribution", "residual", "mlp", "attention_entropy", "logit_lens",
        "sampler_stages",
    ],
}  # fmt: skip


def test_a_run_is_that_of_an_installation_with_torch() -> None:
    ours, theirs = events_without_torch(**SAMPLED), events_with_torch(**SAMPLED)
    assert [each["type"] for each in ours] == [each["type"] for each in theirs]
    assert ours[0]["model"] == theirs[0]["model"]
    for one, other in zip(ours[1:-1], theirs[1:-1], strict=True):
        assert_alike(one, other)
    assert {each: ours[-1][each] for each in ("text", "reason", "tokens")} == {
        each: theirs[-1][each] for each in ("text", "reason", "tokens")
    }


def test_each_continues_the_run_of_the_other() -> None:
    whole = events_with_torch(**SAMPLED)
    ids = [each["token"]["id"] for each in whole if each["type"] == "token"]
    for begin, then in (
        (events_without_torch, events_with_torch),
        (events_with_torch, events_without_torch),
    ):
        stopped = begin(**SAMPLED | {"max_new_tokens": 10})
        more = then(resume=stopped[-1]["resume"], max_new_tokens=14)
        assert [each["token"]["id"] for each in more if each["type"] == "token"] == ids[10:]


def refusal_of(source: str, dtype: str = "auto", device: str = "auto") -> str:
    """What the load of a model raises without torch."""
    ended = without_torch(
        "from mav_engine.errors import ModelLoadFailed\n"
        "from mav_engine.backends import load_backend\n"
        "try:\n"
        "    load_backend(sys.argv[1], name='it', dtype=sys.argv[2], device=sys.argv[3])\n"
        "except ModelLoadFailed as error:\n"
        "    print(error.field, error.detail)\n",
        source,
        dtype,
        device,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


NEEDS_TORCH = "model it cannot be run without torch and transformers, which are not installed"
REMEDY = "pip install 'mav-engine[torch]'"


def test_another_model_says_what_to_install(make_case: Callable[[str], Case]) -> None:
    assert refusal_of(str(make_case("gpt_neox").folder)) == (
        f"{NEEDS_TORCH} (models of the type gpt_neox are not built like Llama or GPT-2): {REMEDY}"
    )


def test_another_precision_or_device_says_what_to_install() -> None:
    assert refusal_of("mav-tiny", dtype="int8") == (
        f"{NEEDS_TORCH} (without torch the precisions are auto, float32, float16, bfloat16, "
        f"int8-dynamic, not int8): {REMEDY}"
    )
    assert refusal_of("mav-tiny", device="cuda") == (
        f"{NEEDS_TORCH} (it runs on the CPU, not on cuda): {REMEDY}"
    )


CHAT = "{% for m in messages %}{{ m.role }}> {{ m.content }}<|endoftext|>{% endfor %}"


def test_a_gpt2_in_int8_answers_a_conversation(
    make_case: Callable[[str], Case], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(make_case("gpt2").folder, tmp_path / "model"))
    (folder / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    ended = without_torch(
        "from mav_engine import RunSettings, run\n"
        "from mav_engine.backends import load_backend\n"
        "from mav_engine.contract.events import to_json\n"
        "backend = load_backend(sys.argv[1], dtype='int8-dynamic')\n"
        "messages = [{'role': 'user', 'content': 'Tell me a story.'}]\n"
        "settings = RunSettings(messages=messages, max_new_tokens=3, min_new_tokens=3)\n"
        "for event in run(settings, backend=backend):\n"
        "    print(to_json(event).decode())\n",
        str(folder),
    )
    assert ended.returncode == 0, ended.stderr
    start, prompt, *tokens, done = map(json.loads, ended.stdout.splitlines())
    assert start["model"]["chat_template"] is True
    assert start["model"]["dtype"] == "int8-dynamic"
    texts = "".join(token["text"] for token in prompt["tokens"])
    assert texts == "user> Tell me a story.<|endoftext|>"
    assert [token["index"] for token in tokens] == [0, 1, 2]
    assert done["reason"] == "length"


COMMAND = "from mav_engine.cli import main; sys.argv[0] = 'mav'; main(sys.argv[1:])"


def test_the_list_of_models_is_about_the_precision_they_would_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAV_DTYPE", "int8")
    (model,) = map(json.loads, without_torch(COMMAND, "models").stdout.splitlines())
    assert not model["complete"]
    assert "not int8" in model["problem"]
    monkeypatch.setenv("MAV_DTYPE", "int8-dynamic")
    (model,) = map(json.loads, without_torch(COMMAND, "models").stdout.splitlines())
    assert model["complete"]
    assert model["problem"] is None


def test_the_command_runs_and_the_doctor_tells() -> None:
    ended = without_torch(COMMAND, "--prompt", "Once upon", "--max-new-tokens", "3")
    assert ended.returncode == 0, ended.stderr
    kinds = [json.loads(line)["type"] for line in ended.stdout.splitlines()]
    assert kinds == ["start", "prompt", "token", "token", "token", "done"]
    doctor = without_torch(COMMAND, "doctor").stdout
    found = {each["name"]: each for each in map(json.loads, doctor.splitlines())}
    assert found["mav-tiny"]["state"] == "ok"
    assert found["torch"]["state"] == "missing"
    assert "mav-engine[torch]" in found["torch"]["remedy"]


def assert_alike(one: Any, other: Any, place: str = "") -> None:
    """The same values, numbers up to rounding; times differ."""
    if isinstance(other, dict):
        assert one.keys() == other.keys(), place
        for key in other.keys() - {"timing", "prefill_ms"}:
            assert_alike(one[key], other[key], f"{place}.{key}")
    elif isinstance(other, list):
        assert len(one) == len(other), place
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_alike(left, right, f"{place}[{at}]")
    elif isinstance(other, float):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-4), place
    elif not place.endswith(".data"):
        assert one == other, place
