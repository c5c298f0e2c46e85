"""Pages of other sites cannot use the server with the browser of a person who opens them."""

from __future__ import annotations

import http.client
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from mav_engine.commands.serve import _as_environment
from mav_engine.config import read_environment
from mav_engine.server.http import cross_site
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import AS_JSON, LOCAL, problem, read_events

RUN = {"prompt": "a", "max_new_tokens": 1}
EVERY = [
    ("GET", "/api/run?prompt=a&max_new_tokens=1"),
    ("POST", "/api/run"),
    ("POST", "/api/compare"),
    ("POST", "/api/tokenize"),
    ("GET", "/api/models"),
    ("GET", "/api/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/training"),
    ("POST", "/api/training"),
    ("HEAD", "/api/run"),
    ("OPTIONS", "/api/run"),
    ("GET", "/api/nothing"),
]
FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:8001"},
    {"Origin": "http://localhost:8000"},
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Origin": "http://127.0.0.1:8000@evil.example"},
    {"Origin": "file://"},
    {"Origin": ""},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@pytest.mark.parametrize(("method", "address"), EVERY)
def test_no_page_of_another_site_may_call_any_endpoint(
    make_client: MakeClient, method: str, address: str
) -> None:
    client = make_client()
    for headers in FOREIGN:
        sent = {**headers, **AS_JSON}
        answer = client.request(method, address, headers=sent, json=RUN)
        assert answer.status_code == 403, headers
        assert "access-control-allow-origin" not in answer.headers
        if method not in ("HEAD", "OPTIONS"):
            error = problem(answer)
            assert (error["code"], error["field"]) == ("origin_refused", "Origin")
            assert "MAV_ALLOWED_ORIGINS" in error["detail"]
    assert client.get("/api/health").json()["runs_active"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": LOCAL},
        {"Origin": LOCAL, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        # A proxy that gives the server another Host, as that of `make dev` does.
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:3000", "X-Forwarded-Host": "localhost:3000"},
        # A proxy that ends TLS.
        {"Origin": "https://localhost", "Host": "localhost"},
        {"Origin": "https://LOCALHOST", "Host": "localhost:443"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
        # An empty port is the default one.
        {"Origin": "http://localhost", "Host": "localhost:"},
    ],
)
def test_the_site_itself_and_programs_may(make_client: MakeClient, headers: dict[str, str]) -> None:
    client = make_client()
    assert read_events(client.post("/api/run", json=RUN, headers=headers))
    assert read_events(client.get("/api/run?prompt=a&max_new_tokens=1", headers=headers))


def test_links_of_other_sites_open_what_starts_nothing(make_client: MakeClient) -> None:
    client = make_client()
    link = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    for address in (
        "/",
        "/api/openapi.json",
        "/api/openapi-3.1.json",
        "/api/models",
        "/api/health",
    ):
        assert client.get(address, headers=link).status_code == 200, address
    for address in ("/api/run?prompt=a", "/api/training"):
        assert problem(client.get(address, headers=link))["status"] == 403
    assert problem(client.post("/api/tokenize", json={"text": "a"}, headers=link))["status"] == 403


def test_sites_that_the_operator_allows_may_call(make_client: MakeClient) -> None:
    client = make_client(allowed_origins=("https://friend.example/",))
    headers = {"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/tokenize", json={"text": "a"}, headers=headers).status_code == 200
    for origin in ("https://evil.example", "http://friend.example", "https://friend.example:444"):
        error = problem(client.get("/api/models", headers={**headers, "Origin": origin}))
        assert error["status"] == 403
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        refused = client.options("/api/run", headers=preflight)
        assert refused.status_code >= 400
        assert "access-control-allow-origin" not in refused.headers
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/api/models", headers=image).status_code == 403
    every = make_client(allowed_origins=("*",))
    assert every.get("/api/models", headers=image).status_code == 200
    assert every.get("/api/models", headers={"Origin": "https://evil.example"}).status_code == 200


OTHER_HOSTS = [
    "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
    "evil", "192.168.1.9:8000", "[2001:db8::1]:8000", "evil@localhost",
    "localhost:8000:8000", "localhost/", "::1", "[::ffff:10.0.0.5]", "evil.example:",
    "l\u00f6calhost", "0x7f.0.0.1",
    "localhost,evil.example",
]  # fmt: skip


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_other_names_are_not_answered(make_client: MakeClient, host: str) -> None:
    """A page whose name resolves to this machine (DNS rebinding) would be of the same origin."""
    client = make_client()
    for address in ("/", "/api/health", "/api/models", "/api/run?prompt=a"):
        headers = {"Host": host.encode(), "Sec-Fetch-Site": "same-origin"}
        error = problem(client.get(address, headers=headers))
        assert (error["status"], error["code"], error["field"]) == (403, "host_refused", "Host")
        assert "MAV_ALLOWED_HOSTS" in error["detail"]


def test_names_of_this_machine_are_answered(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_site.socket, "gethostname", lambda: "Mybox.lan")
    cross_site._own_names.cache_clear()
    client = make_client(allowed_hosts=("MAV.example.org",))
    for host in (
        "localhost", "LOCALHOST:8000", "localhost.", "app.localhost:1", "127.0.0.1", "127.9.9.9:80",
        "[::1]", "[::1]:8000", "0.0.0.0:8000", "127.0.0.1:", "localhost:", "localhost.:", "[::1]:",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]:8000",
        "mav.example.org", "mav.example.org.:443",
        "mybox.lan", "mybox.local:8000",
    ):  # fmt: skip
        assert client.get("/api/health", headers={"Host": host}).status_code == 200, host
    cross_site._own_names.cache_clear()
    assert client.get("/api/health", headers={"Host": "example.org"}).status_code == 403
    every = make_client(allowed_hosts=("*",))
    assert every.get("/api/health", headers={"Host": "evil.example"}).status_code == 200


def test_an_empty_host_is_refused_in_plain_words(client: TestClient) -> None:
    for address in ("/", "/api/health"):
        error = problem(client.get(address, headers={"Host": ""}))
        assert (error["status"], error["code"], error["field"]) == (403, "host_refused", "Host")
        assert "is empty" in error["detail"]
        assert "Host: localhost" in error["detail"]


def test_a_socket_of_both_families_gives_no_stranger_the_rights_of_the_network(
    make_client: MakeClient,
) -> None:
    """Such a socket writes 127.0.0.1 as ::ffff:127.0.0.1."""
    client = make_client()
    client.base_url = httpx2.URL("http://[::ffff:127.0.0.1]:8000")
    assert client.get("/api/health").status_code == 200
    assert client.get("/api/health", headers={"Host": "192.168.1.9:8000"}).status_code == 403


def test_what_comes_by_the_network_may_name_any_address(make_client: MakeClient) -> None:
    """A container or router in between is addressed by its own address."""
    client = make_client()
    client.base_url = httpx2.URL("http://10.0.0.5:8000")
    for host in ("10.0.0.5:8000", "192.168.1.9:8000", "[2001:db8::1]"):
        assert client.get("/api/health", headers={"Host": host}).status_code == 200
    assert client.get("/api/health", headers={"Host": "evil.example"}).status_code == 403


def test_a_request_without_a_type_of_body_is_refused(make_client: MakeClient) -> None:
    """A page may send these without a preflight."""
    client = make_client()
    body = b'{"prompt": "a", "text": "a"}'
    for address in ("/api/run", "/api/compare", "/api/tokenize"):
        for kind in (
            None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
            "text/plain; application/json", "application/jsonx", "text/plain, application/json",
            "application/json; charset=utf-16", "application/json;charset=latin1",
        ):  # fmt: skip
            headers = {} if kind is None else {"Content-Type": kind}
            error = problem(client.post(address, content=body, headers=headers))
            assert (error["status"], error["field"]) == (415, "Content-Type"), kind
        coded = {**AS_JSON, "Content-Encoding": "gzip"}
        error = problem(client.post(address, content=body, headers=coded))
        assert (error["status"], error["field"]) == (415, "Content-Encoding")
    for kind in (
        "application/json",
        "Application/JSON ; charset=UTF-8",
        'application/json;charset="utf-8"',
    ):
        headers = {"Content-Type": kind}
        answer = client.post("/api/tokenize", content=b'{"text": "a"}', headers=headers)
        assert answer.status_code == 200, kind


def test_a_real_server_refuses_what_a_page_of_another_site_sends(make_server: MakeServer) -> None:
    server = make_server()

    def ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        result = answer.status, answer.read()
        connection.close()
        return result

    body = b'{"prompt": "Once", "max_new_tokens": 2}'
    own = f"http://127.0.0.1:{server.port}"
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    rebound = {"Host": f"evil.example:{server.port}", "Sec-Fetch-Site": "same-origin"}
    for headers, status in (
        (AS_JSON, 200),
        ({**AS_JSON, "Origin": own}, 200),
        ({}, 415),
        ({**AS_JSON, **foreign}, 403),
        ({**AS_JSON, **rebound}, 403),
    ):
        assert ask("POST", "/api/run", body, headers)[0] == status
    assert ask("GET", "/api/run?prompt=Once", None, {"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask("GET", "/api/models", None, rebound)[0] == 403


def test_where_the_names_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAV_ALLOWED_HOSTS", "a.example")
    given = _as_environment("mav.lan", [], False, None, False)
    assert read_environment(given).allowed_hosts == ("a.example", "mav.lan")
    assert read_environment({}).allowed_hosts == ()
    assert read_environment({"VERCEL": "1"}).allowed_hosts == ("*",)
    named = {"VERCEL": "1", "MAV_ALLOWED_HOSTS": "mav.example"}
    assert read_environment(named).allowed_hosts == ("mav.example",)


def test_on_a_space_its_name_is_accepted_and_its_page_may_be_framed_there() -> None:
    space = {"SPACE_HOST": "owner-mav.hf.space"}
    assert read_environment(space).allowed_hosts == ("owner-mav.hf.space",)
    assert read_environment(space).frame_ancestors == ("https://huggingface.co",)
    own = {"MAV_ALLOWED_HOSTS": "mav.example", "MAV_FRAME_ANCESTORS": "https://a.b"}
    config = read_environment({**space, **own})
    assert config.allowed_hosts == ("mav.example", "owner-mav.hf.space")
    assert config.frame_ancestors == ("https://a.b",)
