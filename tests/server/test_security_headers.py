"""Headers that limit what a browser does with an answer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.server.conftest import MakeClient

ROOT = Path(__file__).resolve().parents[2]
PAGE = (
    '<head><meta http-equiv="Content-Security-Policy" content="script-src \'sha256-{hash}\'">'
    "</head>"
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text(PAGE.format(hash="first"), encoding="utf-8")
    (out / "404.html").write_text(PAGE.format(hash="missing"), encoding="utf-8")
    (out / "plain.html").write_text("<h1>without a policy</h1>", encoding="utf-8")
    (out / "_next/static/chunks").mkdir(parents=True)
    for name in ("a.js", "a.txt", "icon.svg", "_next/static/chunks/a.js"):
        (out / name).write_text("let a", encoding="utf-8")
    return out


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/plain.html", 200),
        ("GET", "/a.js", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("GET", "/api", 200),
        ("GET", "/api/health", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/run?prompt=a&max_new_tokens=1", 200),
        ("GET", "/api/run", 422),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/training", 404),
    ],
)
def test_every_answer_has_them(
    make_client: MakeClient, out: Path, method: str, path: str, status: int
) -> None:
    response = make_client(site_dir=out).request(method, path)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"]


def test_an_unexpected_fault_has_them_too(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()
    monkeypatch.setattr(client.app.state.service, "health", lambda: 1 / 0)
    response = client.get("/api/health")
    assert response.status_code == 500
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"]


def test_a_page_has_the_policy_that_it_was_built_with(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out)
    policy = client.get("/").headers["content-security-policy"]
    assert policy == "script-src 'sha256-first'; frame-ancestors 'self'"
    missing = client.get("/nowhere").headers["content-security-policy"]
    assert missing == "script-src 'sha256-missing'; frame-ancestors 'self'"
    # A site that is rebuilt while the server runs.
    (out / "index.html").write_text(PAGE.format(hash="another one"), encoding="utf-8")
    policy = client.get("/").headers["content-security-policy"]
    assert "'sha256-another one'" in policy


def test_nothing_runs_in_other_answers(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out)
    for path in ("/a.js", "/api/health"):
        assert client.get(path).headers["content-security-policy"].startswith("default-src 'none'")


def test_the_operator_lets_other_sites_embed_it(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out, frame_ancestors=("https://example.org", "https://a.b"))
    policy = client.get("/").headers["content-security-policy"]
    assert policy.endswith("; frame-ancestors 'self' https://example.org https://a.b")


def on_the_platform(path: str) -> dict[str, str]:
    """The headers that vercel.json adds for a path. Its sources are regular expressions."""
    rules = json.loads((ROOT / "vercel.json").read_text(encoding="utf-8"))["headers"]
    return {
        each["key"]: each["value"]
        for rule in rules
        if re.fullmatch(rule["source"], path)
        for each in rule["headers"]
    }


@pytest.mark.parametrize(
    "path",
    ["/", "/plain", "/nowhere", "/nowhere/a.b", "/icon.svg", "/_next/static/chunks/a.js", "/a.txt"],
)
def test_the_platform_adds_the_same_headers(make_client: MakeClient, out: Path, path: str) -> None:
    served = make_client(site_dir=out).get(path).headers
    added = on_the_platform(path)
    assert added["X-Content-Type-Options"] == served["x-content-type-options"]
    assert added["Referrer-Policy"] == served["referrer-policy"]
    # The rest of a page's policy is in the page.
    policy = served["content-security-policy"]
    assert policy.endswith(added["Content-Security-Policy"])
    if served["content-type"].startswith("text/html"):
        assert added["Content-Security-Policy"] == "frame-ancestors 'self'"
    else:
        assert policy == added["Content-Security-Policy"]
    kept = "immutable" in served.get("cache-control", "")
    assert added.get("Cache-Control") == (served["cache-control"] if kept else None)


@pytest.mark.parametrize("path", ["/api", "/api/run", "/api/openapi.json"])
def test_the_platform_leaves_answers_of_the_function_as_they_are(path: str) -> None:
    assert on_the_platform(path) == {}
