"""Settings of the server and of commands, read from `MAV_*` environment variables."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

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
)

from mav_engine.backends.base import DEFAULT_PREFIX_BYTES
from mav_engine.errors import InvalidSettings
from mav_engine.generation.resume_token import LIFETIME_S
from mav_engine.models.catalog import Catalog
from mav_engine.models.precision import Precision
from mav_engine.wording import did_you_mean, shown

PREFIX = "MAV_"
BUILD_VARIABLES = frozenset({"MAV_PANELS_DIR", "MAV_API_ORIGIN"})
"""Read when the site is built or developed; no concern of the server."""
ROOT = Path(__file__).resolve().parents[1]
CHARACTERS_A_TOKEN = 16
"""Characters of a prompt for each token that it may have: some four times those of usual text."""
LOG = logging.getLogger("mav.api")
_SECRET = frozenset({"secret", "training_token"})
"""Settings whose values are never told."""


def _comma_separated(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _root_path(value: str) -> str:
    """Check a path such as /mav; a slash at its end makes no difference."""
    path = value.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])*", path):
        raise ValueError("must be a path such as /mav or /tools/mav")
    return path


Names = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]


class ServerConfig(BaseModel):
    """The settings. Each is read from the variable `MAV_` plus its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    models: Names = ()
    """Hub names or folders that clients may name, comma-separated; a folder goes by its last
    name."""
    models_dir: Path | None = None
    """A folder of which each subfolder with a config.json is a model by its name; models may be
    dropped in while the server runs."""
    any_model: bool = False
    """Whether clients may name any hub model and any folder of this machine."""
    default_model: str | None = None
    """The model of requests that name none; empty is mav-tiny."""
    device: str = "auto"
    """Where models run: auto, cpu, cuda, cuda:1, mps, or spread over all that there are."""
    dtype: Precision = "auto"
    """Number type of the weights while running."""
    cache_bytes: ByteSize = ByteSize(4 * 1024**3)
    """Loaded models may take this many bytes together (4GiB is understood); past it the least
    recently used one goes, but never one in use."""
    prefix_bytes: ByteSize = ByteSize(DEFAULT_PREFIX_BYTES)
    """What each model may keep of the texts it has read, so that a run that begins like an
    earlier one starts sooner; counts towards cache_bytes. 0 keeps nothing."""
    max_new_tokens: PositiveInt = 2048
    """The most tokens that a run may write."""
    max_prompt_tokens: PositiveInt = 8192
    """The most tokens that a prompt may have; a model's context may allow fewer."""
    max_prompt_characters: PositiveInt | None = None
    """The most characters that a prompt, a conversation or a text for /api/tokenize may have;
    checked before the text is cut into tokens. 16 for each of max_prompt_tokens where not set."""
    max_body_bytes: ByteSize = ByteSize(1_000_000)
    """The largest body of a request."""
    max_connections: PositiveInt = 1000
    """Connections at the same time; fewer where the process may open fewer files, of which 128 are
    kept for other uses. Above it, connections that wait for a request are closed, and where there
    are none the new one is answered with 503."""
    header_timeout_s: PositiveFloat = 10.0
    """Seconds within which the head of a request must arrive."""
    body_timeout_s: PositiveFloat = 60.0
    """Seconds within which the body of a request must arrive; later it is answered with 408."""
    min_read_rate: Annotated[int, Field(ge=0)] = 500
    """Bytes a second, over 30 seconds, that a client must read of what is sent to it; slower ones
    are disconnected, which ends their run. 0 allows any speed."""
    max_run_bytes: Annotated[ByteSize, Field(gt=0)] = ByteSize(512 * 1024**2)
    """The most bytes that the events of one run may have, before they are compressed; a run that
    passes it ends with the error run_too_large."""
    max_client_bytes: ByteSize = ByteSize(4 * 1024**3)
    """The most bytes of events that one client address may receive in an hour; 0 is no limit.
    Clients on this machine have none."""
    max_runs: PositiveInt = 8
    """Runs of one model at the same time; they share forward passes, and more wait."""
    max_queue: Annotated[int, Field(ge=0)] = 16
    """Runs of one model that may wait; more are turned away with 503."""
    deadline_s: PositiveFloat = 290.0
    """Seconds after which a run ends with reason deadline, its waiting included."""
    heartbeat_s: Annotated[float, Field(gt=0, le=15)] = 12.0
    """Seconds between the heartbeats of a stream; proxies give up after 30 of silence."""
    load_patience_s: Annotated[float, Field(ge=0)] = 3.0
    """Seconds that a request waits for its model to load before its stream begins; a fault
    found in that time is an HTTP status, later it is an error event."""
    secret: Annotated[str | None, Field(min_length=16, repr=False)] = None
    """Signs the resume tokens, at least 16 characters; servers that share it take each other's.
    Without one each process draws its own, so tokens end with the process."""
    resume_ttl_s: PositiveFloat = LIFETIME_S
    """Seconds for which a resume token holds."""
    prewarm: bool = False
    """Whether the default model is loaded when the server starts; `mav serve` does."""
    allowed_hosts: Names = ()
    """Names under which this server may be addressed besides localhost, the name of its machine
    and its IP addresses, comma-separated and without a port; * is any. On Vercel, which delivers
    by the name, it is * unless set."""
    allowed_origins: Names = ()
    """Other sites whose pages may call this API, comma-separated; * is all of them."""
    root_path: Annotated[str, AfterValidator(_root_path)] = ""
    """The path under which the site and the API are, such as /mav, where a proxy does not remove
    it. Requests without it are answered as well."""
    frame_ancestors: Names = ()
    """Other sites whose pages may embed this one in a frame, comma-separated, such as
    https://example.org; * is all of them."""
    watch: Path | None = None
    """The recording of a training that goes on; the site shows it as it grows."""
    receive_training: bool = False
    """Whether a training may stream into the file of MAV_WATCH: one of this machine, or with
    MAV_TRAINING_TOKEN of any."""
    training_token: Annotated[str | None, Field(min_length=16, pattern="^[!-~]*$", repr=False)] = (
        None
    )
    """What a training that streams to this site has to bear: at least 16 characters of ASCII, no
    spaces. With MAV_WATCH it opens the site to such trainings."""
    max_training_bytes: ByteSize = ByteSize(32_000_000)
    """The largest body of looks that a training may send; a look has to fit into it."""
    max_training_line_bytes: ByteSize = ByteSize(16_000_000)
    """The longest line of it, which is one event."""
    site_dir: Path = ROOT / "frontend" / "out"
    """The built site; where it is absent a page tells how to build it."""

    @property
    def prompt_characters(self) -> int:
        """`max_prompt_characters`, or its default."""
        return self.max_prompt_characters or CHARACTERS_A_TOKEN * self.max_prompt_tokens

    def catalog(self) -> Catalog:
        """The models that these settings allow.

        Raises:
            InvalidSettings: they name a model that is not there.
        """
        try:
            return Catalog(
                self.models,
                models_dir=self.models_dir,
                any_model=self.any_model,
                default=self.default_model,
            )
        except InvalidSettings as error:
            raise _wrong(error.field or "models", error.detail) from None


def read_environment(environment: Mapping[str, str]) -> ServerConfig:
    """Read the `MAV_*` variables; empty ones are ignored.

    Raises:
        InvalidSettings: a variable has a value that it cannot have; `field` is its name.
    """
    given: dict[str, Any] = {}
    if environment.get("VERCEL"):
        given["allowed_hosts"] = "*"
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or not value.strip():
            continue
        name = variable.removeprefix(PREFIX).lower()
        if variable in BUILD_VARIABLES:
            continue
        if name in ServerConfig.model_fields:
            given[name] = value.strip()
        else:
            _tell_unknown(variable)
    try:
        return ServerConfig(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        told = "" if name in _SECRET else f", not {shown(first['input'])}"
        problem = f"{first['msg'][0].lower()}{first['msg'][1:]}{told}"
        raise _wrong(name, f"{problem}. {_meaning(name)}") from None


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def _wrong(name: str, problem: str) -> InvalidSettings:
    return InvalidSettings(f"{variable_of(name)}: {problem}", field=variable_of(name))


def _meaning(name: str) -> str:
    return " ".join((ServerConfig.model_fields[name].description or "").split())


def _tell_unknown(variable: str) -> None:
    """A mistyped variable would be dropped in silence otherwise."""
    known = [variable_of(name) for name in ServerConfig.model_fields]
    hint = did_you_mean(variable, known)
    LOG.warning("%s is set, but MAV knows no such setting.%s", variable, hint)
