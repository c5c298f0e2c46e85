"""Generators of clients give typed events from the published document."""

from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest
from starlette.testclient import TestClient

from mav_engine.config import ROOT, ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app

GENERATORS = ROOT / ".venv-generators" / "bin"
NODE_TOOLS = ROOT / "frontend" / "node_modules" / ".bin"
CAPTURE = ["attention_rows", "attention_map", "logit_lens", "tiles", "sampler_stages"]

python_generators = pytest.mark.skipif(
    not GENERATORS.is_dir(),
    reason="the generators are not installed; make test-python installs them",
)
typescript_generator = pytest.mark.skipif(
    not NODE_TOOLS.is_dir(), reason="the npm packages are not installed: make test installs them"
)


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A server with the embedded model, which measures everything."""
    return TestClient(create_app(ServerConfig(), Catalog()), base_url="http://localhost")


@pytest.fixture
def document(client: TestClient, tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_bytes(client.get("/api/openapi-3.1.json").content)
    return path


@pytest.fixture
def streams(client: TestClient, tmp_path: Path) -> Path:
    """The events of a run, of a comparison and of a training, as a server sends them."""
    run = {"prompt": "Once", "max_new_tokens": 4, "capture": CAPTURE, "temperature": 0.9}
    lines = {"Accept": "application/x-ndjson"}
    answers = {
        "Event": client.post("/api/run", json=run, headers=lines),
        "CompareEvent": client.post("/api/compare", json={"a": run, "b": run}, headers=lines),
    }
    sent = {
        name: [orjson.loads(line) for line in each.iter_lines()] for name, each in answers.items()
    }
    look = {"type": "training", "v": 1, "step": 10, "prompt": 0, "loss": None, "cost_s": 0.5,
            "elapsed_s": 2.0, "losses": [[9, 4.25], [10, 4.0]]}  # fmt: skip
    sent["TrainingEvent"] = [look, *sent["Event"]]
    path = tmp_path / "streams.json"
    path.write_bytes(orjson.dumps(sent))
    return path


def test_both_documents_describe_the_same_operations(client: TestClient) -> None:
    newer, older = (client.get(f"/api/{name}.json").json() for name in ("openapi", "openapi-3.1"))
    assert newer["openapi"].startswith("3.2.")
    assert older["openapi"].startswith("3.1.")
    assert newer["paths"].keys() == older["paths"].keys()
    assert newer["components"] == older["components"]
    for path, method, union in (
        ("run", "post", "Event"),
        ("run", "get", "Event"),
        ("compare", "post", "CompareEvent"),
        ("training", "get", "TrainingEvent"),
    ):
        content = older["paths"][f"/api/{path}"][method]["responses"]["200"]["content"]
        for each in content.values():
            assert each == {"schema": {"$ref": f"#/components/schemas/{union}"}}
    assert b"itemSchema" not in client.get("/api/openapi-3.1.json").content


MODELS = """
import json, sys
from models import CompareEvent, Event, PackedArray, TrainingEvent

streams = json.load(open(sys.argv[1]))
for union in (Event, CompareEvent, TrainingEvent):
    for given in streams[union.__name__]:
        parsed = union.model_validate(given).root
        assert parsed.type == given["type"]
        again = json.loads(parsed.model_dump_json(exclude_unset=True))
        assert again == given, (again, given)
look = TrainingEvent.model_validate(streams["TrainingEvent"][0]).root
assert look.losses[0][1] == 4.25
"""


@python_generators
def test_datamodel_code_generator(document: Path, streams: Path, tmp_path: Path) -> None:
    _run(
        GENERATORS / "datamodel-codegen",
        *("--input", document, "--input-file-type", "openapi", "--output", "models.py"),
        *("--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin"),
        cwd=tmp_path,
    )
    _run(GENERATORS / "python", "-c", MODELS, streams, cwd=tmp_path)


CLIENT = """
import json, sys
from mav import models
from mav.api.default import compare, run, send_looks, watch_training

TYPES = {"start": models.Start, "queued": models.Queued, "prompt": models.Prompt,
         "token": models.Token, "done": models.Done, "error": models.Error,
         "side": models.SideEvent, "common": models.Common, "compared": models.Compared,
         "divergence": models.Divergence, "training": models.Look}
streams = json.load(open(sys.argv[1]))
for union, events in streams.items():
    for given in events:
        parsed = TYPES[given["type"]].from_dict(given)
        assert parsed.to_dict() == given, (parsed.to_dict(), given)
token = models.Token.from_dict(next(e for e in streams["Event"] if e["type"] == "token"))
assert isinstance(token.top[0], models.Candidate)
returned = run.sync.__annotations__["return"]
assert {models.Start, models.Token, models.Done, models.Problem} <= set(returned.__args__)
returned = compare.sync.__annotations__["return"]
assert {models.SideEvent, models.Compared} <= set(returned.__args__)
returned = watch_training.sync.__annotations__["return"]
assert {models.Look, models.Token} <= set(returned.__args__)
print(json.dumps(run._get_kwargs(body=models.RunSettings(prompt="a", max_new_tokens=1))["json"]))
"""


@python_generators
def test_openapi_python_client(
    client: TestClient, document: Path, streams: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yml"
    # It knows no lines of JSON as a body; see docs/python.md.
    config.write_text(
        "content_type_overrides:\n  application/x-ndjson: application/octet-stream\n"
        "post_hooks: []\n",
        encoding="utf-8",
    )
    said = _run(
        GENERATORS / "openapi-python-client",
        *("generate", "--path", document, "--meta", "none", "--output-path", "mav"),
        *("--config", config),
        cwd=tmp_path,
    )
    assert "Warning" not in said
    settings = _run(GENERATORS / "python", "-c", CLIENT, streams, cwd=tmp_path)
    answer = client.post("/api/run", json=orjson.loads(settings))
    assert answer.status_code == 200, answer.text


STRICT = """
import type { components, paths } from "./api";

type Sent<P extends "/api/run" | "/api/compare"> =
  paths[P]["post"]["responses"][200]["content"]["text/event-stream"];

export function said(event: Sent<"/api/run">): string {
  switch (event.type) {
    case "start": return event.model.name;
    case "queued": return String(event.position);
    case "prompt": return event.tokens.map(({ text }) => text).join("");
    case "token": return event.text + event.top.map(({ prob }) => prob.toFixed(2)).join();
    case "done": return event.reason;
    case "error": return event.detail;
  }
}
export function side(event: Sent<"/api/compare">): string {
  return event.type === "side" ? said(event.event) : event.type;
}
export const losses = (look: components["schemas"]["Look"]): number => look.losses[0]?.[1] ?? 0;

export const numbers = (array: components["schemas"]["Array"]): number =>
  Array.isArray(array) ? array.length : array.data.length;

export function wrong(event: Sent<"/api/run">): string {
  // @ts-expect-error: only some events have a text
  return event.text;
}
"""


@typescript_generator
@pytest.mark.usefixtures("document")
def test_openapi_typescript(tmp_path: Path) -> None:
    (tmp_path / "use.ts").write_text(STRICT, encoding="utf-8")
    _run(NODE_TOOLS / "openapi-typescript", "openapi.json", "--output", "api.d.ts", cwd=tmp_path)
    options = ("--noEmit", "--strict", "--noUncheckedIndexedAccess")
    _run(NODE_TOOLS / "tsc", *options, "use.ts", cwd=tmp_path)


def _run(*command: str | Path, cwd: Path) -> str:
    ended = subprocess.run(
        [str(each) for each in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr
