"""Settings of the server and of commands, read from `MAV_*` environment variables."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from mav_engine.defaults import PREFIX_BYTES, RESUME_LIFETIME_S
from mav_engine.errors import InvalidSettings
from mav_engine.models.precision import Precision
from mav_engine.wording import did_you_mean, shown

if TYPE_CHECKING:
    from mav_engine.backends.chat_server.address import ChatAddress
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.backends.chat_server.servers import ChatServers
    from mav_engine.models.catalog import Catalog

PREFIX = "MAV_"
BUILD_VARIABLES = frozenset({"MAV_PANELS_DIR", "MAV_API_ORIGIN"})
"""Variables of the site's build; the server ignores them."""
ROOT = Path(__file__).resolve().parents[1]
PACKAGED_SITE = Path(__file__).resolve().parent / "site"
"""Where `setup.py` puts the built site in an installed package; a checkout has none there."""
SPACES = "https://huggingface.co"
"""The site that shows Hugging Face Spaces in a frame."""
CHARACTERS_A_TOKEN = 16
"""Allowed characters per allowed token of a prompt: about four times those of typical text."""
LOG = logging.getLogger("mav.api")
_SECRET = frozenset(
    {
        "secret", "training_token", "key", "upstream", "upstream_key", "redis", "chat_servers",
        "chat_keys",
    }
)  # fmt: skip
"""Settings whose values never appear in messages."""


def _comma_separated(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _root_path(value: str) -> str:
    """Check a path such as /mav; a trailing slash is removed."""
    path = value.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])*", path):
        raise ValueError("must be a path such as /mav or /tools/mav")
    return path


_RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)")


def rates_of(given: str) -> list[str]:
    """The rates in a list such as 10/second,300/minute; 0 is none."""
    return [] if given == "0" else [each.strip() for each in given.split(",")]


def _rate_limit(given: str) -> str:
    if not all(map(_RATE.fullmatch, rates_of(given))):
        raise ValueError("must be rates such as 600/minute or 10/second,600/minute, or 0")
    return given


def _redis(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        parts = urlsplit(given)
        usable = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address such as redis://127.0.0.1:6379/0")
    return given


def _upstreams(given: tuple[str, ...]) -> tuple[str, ...]:
    """Check the addresses of other servers; trailing slashes are removed."""
    found = tuple(map(_upstream, given))
    if len(set(found)) < len(found):
        raise ValueError("an address is listed twice")
    return found


def _upstream(given: str) -> str:
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise ValueError("an address is not a URL such as https://gpu.example.org") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address holds a name or password; a key belongs in MAV_UPSTREAM_KEY")
    usable = parts.scheme in ("http", "https") and parts.hostname and port != 0
    if not usable or not given.isascii() or re.search(r"[\s?#]", given):
        raise ValueError(f"{shown(given)} is not a URL such as https://gpu.example.org")
    if parts.path.rstrip("/").endswith("/api"):
        raise ValueError(f"leave out /api at the end of {shown(given)}")
    return given.rstrip("/")


Key = Annotated[str | None, Field(min_length=16, pattern="^[!-~]*$", repr=False)]
Names = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]


class ServerConfig(BaseModel):
    """The settings of a server. Each is read from the variable `MAV_` plus its upper-case name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: Names = ()
    """Hub names, folders or GGUF files to offer, comma-separated; a folder or file is named by the
    last part of its path, without .gguf."""
    models_dir: Path | None = None
    """A folder in which each subfolder with a config.json, and each GGUF file, is a model of that
    name; models may be added while the server runs."""
    any_model: bool = False
    """Whether clients may use any hub model and any folder or GGUF file of this machine."""
    default_model: str | None = None
    """The model of requests that name none; empty is mav-tiny."""
    embedded: bool = True
    """Whether to offer the embedded models, such as mav-tiny."""
    upstream: Annotated[Names, AfterValidator(_upstreams)] = ()
    """Addresses of MAV servers whose models are offered here and run there, comma-separated, such
    as https://gpu.example.org. Models of this server come first, then those of the first
    address."""
    upstream_key: Key = None
    """The MAV_KEY of these servers."""
    chat_servers: Annotated[Names, Field(repr=False)] = ()
    """Servers with OpenAI's API whose models are offered here as MODEL@NAME, comma-separated, such
    as ollama=http://127.0.0.1:11434/v1."""
    chat_keys: Annotated[Names, Field(repr=False)] = ()
    """The keys of these servers, comma-separated, such as openai=KEY."""
    chat_models: Names = ()
    """The models of these servers to offer, comma-separated, such as llama3.2@ollama. By default
    all that a server lists."""
    key: Key = None
    """Key that requests to the API must send (Authorization: Bearer KEY), except those for
    /api/health and trainings: at least 16 ASCII characters without spaces. Sites that relay to this
    server send their MAV_UPSTREAM_KEY."""
    keys_file: Path | None = None
    """File with the hashes of API keys, which `mav keys` writes. By default mav/keys.json in
    $XDG_CONFIG_HOME or ~/.config."""
    require_key: bool = False
    """Whether requests to the API need an API key (Authorization: Bearer KEY) whose scopes allow
    them, except those for /api/health, /api/ready, the descriptions of the API and trainings with
    their token."""
    device: str = "auto"
    """Device of the models: auto, cpu, cuda, cuda:1, mps, or spread (all of them)."""
    dtype: Precision = "auto"
    """Dtype of the loaded weights."""
    cache_bytes: ByteSize = ByteSize(4 * 1024**3)
    """Most bytes of loaded models (units such as 4GiB are accepted). Above it, the least recently
    used model that is not in use is unloaded."""
    prefix_bytes: ByteSize = ByteSize(PREFIX_BYTES)
    """Size of each model's prefix cache, which saves the prefill of prompts that begin alike;
    counts towards cache_bytes. 0 is off."""
    max_new_tokens: PositiveInt = 2048
    """Most new tokens of a run."""
    max_prompt_tokens: PositiveInt = 8192
    """Most tokens of a prompt; a model's context may allow fewer."""
    max_prompt_characters: PositiveInt | None = None
    """Most characters of a prompt, a conversation or a text for /api/tokenize, checked before
    tokenization. By default 16 for each of max_prompt_tokens."""
    max_body_bytes: ByteSize = ByteSize(1_000_000)
    """The largest body of a request."""
    max_connections: PositiveInt = 1000
    """Most simultaneous connections; fewer if the process may open fewer files, of which 128 are
    reserved. Above it, idle connections are closed; if there are none, the new connection gets
    503."""
    header_timeout_s: PositiveFloat = 10.0
    """Seconds within which the headers of a request must arrive."""
    body_timeout_s: PositiveFloat = 60.0
    """Seconds within which the body of a request must arrive; otherwise the answer is 408."""
    min_read_rate: Annotated[int, Field(ge=0)] = 500
    """Bytes per second, averaged over 30 seconds, that a client must read; slower ones are
    disconnected, which ends their run. 0 is no limit."""
    max_run_bytes: Annotated[ByteSize, Field(gt=0)] = ByteSize(512 * 1024**2)
    """Most bytes of the events of one run, before compression; a run that exceeds it ends with the
    error run_too_large."""
    max_client_bytes: ByteSize = ByteSize(4 * 1024**3)
    """Most bytes of events for one client address in an hour; 0 is no limit. Clients on this
    machine have no limit."""
    rate_limit: Annotated[str, AfterValidator(_rate_limit)] = "600/minute"
    """Most requests of one client to the API, such as 600/minute or 10/second,600/minute; 0 is no
    limit. A client is an API key or an address. Clients on this machine have no limit."""
    max_client_runs: Annotated[int, Field(ge=0)] = 16
    """Most unfinished runs and comparisons of one client, waiting ones included; 0 is no limit.
    Clients on this machine have no limit."""
    redis: Annotated[str | None, Field(repr=False), AfterValidator(_redis)] = None
    """Address of a Redis server in which several servers count the requests and runs of a client
    together, such as redis://127.0.0.1:6379/0. By default each server counts by itself."""
    max_runs: PositiveInt = 8
    """Most simultaneous runs of one model. They share forward passes; further runs wait."""
    run_memory: ByteSize | None = None
    """Most bytes of memory that all active runs together may need, as estimated before each
    starts; 0 is no limit. By default half of what is available to the process when it starts."""
    max_queue: Annotated[int, Field(ge=0)] = 16
    """Most waiting runs of one model; further ones get 503."""
    keep_run_s: Annotated[float, Field(ge=0)] = 300.0
    """Seconds for which a finished run can still be watched by its id."""
    keep_run_bytes: Annotated[ByteSize, Field(ge=0)] = ByteSize(64 * 1024**2)
    """Most bytes of events of all runs that are kept for those who watch them from the beginning.
    Above it, the run that ended first is dropped, then the oldest events of live runs."""
    deadline_s: PositiveFloat = 290.0
    """Seconds, waiting included, after which a run ends with the reason deadline."""
    drain_s: Annotated[float, Field(ge=0)] = 0.0
    """Seconds that active runs have to finish when the server stops. Then, by default at once, they
    end with the reason cancelled and a resume token."""
    heartbeat_s: Annotated[float, Field(gt=0, le=15)] = 12.0
    """Seconds between heartbeats of a stream; proxies close it after 30 of silence."""
    load_patience_s: Annotated[float, Field(ge=0)] = 3.0
    """Seconds that a request waits for its model before its stream begins. An error in that time is
    an HTTP status, a later one an error event."""
    secret: Annotated[str | None, Field(min_length=16, repr=False)] = None
    """Key of the resume tokens, at least 16 characters; servers that share it accept each other's.
    By default it is random, and tokens are valid in this process only."""
    resume_ttl_s: PositiveFloat = RESUME_LIFETIME_S
    """Seconds for which a resume token is valid."""
    prewarm: bool = False
    """Whether to load the default model when the server starts; `mav serve` does."""
    allowed_hosts: Names = ()
    """Accepted Host names, comma-separated and without a port, in addition to localhost, the name
    of the machine and its IP addresses; * accepts any. On Vercel, which routes by name, the default
    is *; on Hugging Face Spaces, the name of the Space is added."""
    allowed_origins: Names = ()
    """Other sites whose pages may call the API, comma-separated; * is any."""
    root_path: Annotated[str, AfterValidator(_root_path)] = ""
    """Path prefix of the site and the API, such as /mav, if a proxy passes it on. Requests without
    it are answered too."""
    frame_ancestors: Names = ()
    """Other sites whose pages may embed this one in a frame, comma-separated, such as
    https://example.org; * is any. On Hugging Face Spaces the default is https://huggingface.co."""
    log_format: Literal["text", "json"] = "text"
    """Form of the log on standard error: lines of text, or JSON objects."""
    log_level: Literal["info", "warning", "error"] = "warning"
    """What is logged; info logs each request and each run, without its text."""
    watch: Path | None = None
    """Recording of a training, which the site shows as it grows."""
    receive_training: bool = False
    """Whether a training may stream into the file of MAV_WATCH: from this machine, or with
    MAV_TRAINING_TOKEN from any."""
    training_token: Key = None
    """Token for trainings that stream to this site: at least 16 ASCII characters without spaces.
    With MAV_WATCH it lets trainings from other machines stream here."""
    max_training_bytes: ByteSize = ByteSize(32_000_000)
    """Largest body of snapshots that a training may send; one snapshot must fit into it."""
    max_training_line_bytes: ByteSize = ByteSize(16_000_000)
    """Longest line of that body; a line is one event."""
    site_dir: Path = PACKAGED_SITE if PACKAGED_SITE.is_dir() else ROOT / "frontend" / "out"
    """Folder of the built site; if it is missing, a page explains how to build it."""

    @model_validator(mode="after")
    def _usable_chat_servers(self) -> ServerConfig:
        self.chat_addresses()
        return self

    def chat_addresses(self) -> list[ChatAddress]:
        """The chat servers with their keys and models."""
        if not (self.chat_servers or self.chat_keys or self.chat_models):
            return []
        from mav_engine.backends.chat_server.address import addresses_of

        return addresses_of(self.chat_servers, self.chat_keys, self.chat_models)

    def open_chat_model(self, name: str) -> ChatModel | None:
        """A model of these servers, or None if the name is of none of them; asks the server.

        Raises:
            UnknownModel: the server does not have it.
        """
        from mav_engine.backends.chat_server.servers import ChatServers

        return ChatServers(self.chat_addresses()).open(name)

    @property
    def prompt_characters(self) -> int:
        """`max_prompt_characters`, or its default."""
        return self.max_prompt_characters or CHARACTERS_A_TOKEN * self.max_prompt_tokens

    @property
    def offers_models(self) -> bool:
        """Whether this server itself may run a model."""
        named = self.models or self.models_dir or self.chat_servers
        return self.embedded or self.any_model or bool(named)

    def catalog(self, servers: ChatServers | None = None) -> Catalog:
        """The models that these settings allow.

        Args:
            servers: the chat servers; by default new ones.

        Raises:
            InvalidSettings: a named model does not exist.
        """
        from mav_engine.backends.chat_server.servers import ChatServers
        from mav_engine.models.catalog import Catalog

        chat = ChatServers(self.chat_addresses()) if servers is None else servers

        def offered(default: str | None) -> Catalog:
            return Catalog(
                self.models,
                models_dir=self.models_dir,
                any_model=self.any_model,
                default=default,
                embedded=self.embedded,
                remote=chat.entries,
            )

        try:
            if self.default_model and chat.server_of(self.default_model):
                # Before the server has been asked for its models.
                chat.refresh_for(self.default_model)
            return offered(self.default_model)
        except InvalidSettings as error:
            if error.field == "default_model" and self.upstream:
                # Upstream servers may offer it, also later.
                return offered(None)
            raise _wrong(error.field or "models", error.detail) from None


def read_environment(environment: Mapping[str, str]) -> ServerConfig:
    """Read the `MAV_*` variables; empty ones are ignored.

    Raises:
        InvalidSettings: a variable has an invalid value; `field` is its name.
    """
    given: dict[str, Any] = {}
    if environment.get("VERCEL"):
        # Its function has no package that counts, and each of its instances would count alone.
        given |= {"allowed_hosts": "*", "rate_limit": "0", "max_client_runs": "0"}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or not value.strip():
            continue
        name = variable.removeprefix(PREFIX).lower()
        if variable in BUILD_VARIABLES:
            continue
        if name in ServerConfig.model_fields:
            given[name] = value.strip()
        else:
            _warn_unknown(variable)
    if space := environment.get("SPACE_HOST"):
        hosts = (given.get("allowed_hosts"), space)
        given["allowed_hosts"] = ",".join(filter(None, hosts))
        given.setdefault("frame_ancestors", SPACES)
    try:
        return ServerConfig(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # Only the settings of chat servers are checked together.
        name = str(first["loc"][0]) if first["loc"] else "chat_servers"
        value = "" if name in _SECRET else f", not {shown(first['input'])}"
        problem = f"{first['msg'][0].lower()}{first['msg'][1:]}{value}"
        raise _wrong(name, f"{problem}. {meanings()[name]}") from None


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def _wrong(name: str, problem: str) -> InvalidSettings:
    return InvalidSettings(f"{variable_of(name)}: {problem}", field=variable_of(name))


@cache
def meanings() -> dict[str, str]:
    """What each setting means: the text below it in `ServerConfig`.

    Pydantic can read these texts too, but would do so at each start, which takes a while.
    """
    import ast
    import inspect

    (definition,) = ast.parse(inspect.getsource(ServerConfig)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        setting.target.id: " ".join(str(text.value.value).split())
        for setting, text in pairwise(definition.body)
        if isinstance(setting, ast.AnnAssign) and isinstance(setting.target, ast.Name)
        and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }  # fmt: skip


def _warn_unknown(variable: str) -> None:
    """Log a warning, since a mistyped variable would be ignored silently."""
    known = [variable_of(name) for name in ServerConfig.model_fields]
    hint = did_you_mean(variable, known)
    LOG.warning("%s is set, but MAV has no such setting.%s", variable, hint)
