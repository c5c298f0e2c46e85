"""Which server runs a model: this one or an upstream server, in one place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Protocol

from anyio import sleep

from mav_engine import __version__
from mav_engine.config import ServerConfig
from mav_engine.contract.model_info import ModelInfo
from mav_engine.contract.model_list import ModelList
from mav_engine.errors import InvalidSettings, MavError, UnknownModel
from mav_engine.server.relay.asked import Asked
from mav_engine.server.relay.offer import may_be_same
from mav_engine.server.relay.upstream import (
    RETRY_AFTER_S,
    Answer,
    Interrupted,
    Refusal,
    RelayedRequest,
    Upstream,
    UpstreamAway,
)
from mav_engine.server.state import Health
from mav_engine.wording import did_you_mean, listed, shown

LOG = logging.getLogger("mav.relay")

MAX_AGE_S = 3.0
"""Seconds for which a list of models is used without asking again."""
MAX_WAIT_S = 5.0
"""The largest Retry-After for which a request is tried again here."""
FIRST_WAIT_S = 0.3
"""Seconds before a request is tried again if no server gave a Retry-After."""
BUSY = frozenset({429, 502, 503})
"""Statuses after which another server, or the same a little later, may answer."""


class Local(Protocol):
    """The models of this server."""

    @property
    def default_model(self) -> str:
        """The model of requests that name none; empty if there is none."""

    @property
    def any_model(self) -> bool:
        """Whether every other name may be a model too."""

    def model_names(self) -> Collection[str]:
        """The names of the models."""

    def describe_model(self, name: str) -> ModelInfo:
        """The description of one of them."""

    def has_signed(self, resume: str) -> bool:
        """Whether this server can continue the run of a resume token."""

    def knows_run(self, run_id: str) -> bool:
        """Whether a run is or was run here."""

    async def list_models(self) -> ModelList:
        """All models."""

    def health(self) -> Health:
        """The state of this server."""


class Relay:
    """The upstream servers, beside the models of this one. Used on the event loop only.

    A name is one model: this server's own; else that of the first upstream server that offers it.
    Further servers that offer a model of that name and of the same size stand in for the first.

    Raises:
        InvalidSettings: the environment names an unusable proxy or certificate file.
    """

    def __init__(self, config: ServerConfig, local: Local | None) -> None:
        self._local = local
        self._default = config.default_model
        self.upstreams = [Upstream(url, config.upstream_key) for url in config.upstream]
        self.active = 0
        """Number of relayed streams."""
        self._first_look: asyncio.Task[None] | None = None
        for upstream in self.upstreams:
            if config.upstream_key and not upstream.is_private:
                LOG.warning(
                    "the key for %s is not encrypted: use https in MAV_UPSTREAM, or a network of "
                    "your own", upstream.host,
                )  # fmt: skip

    def start(self) -> None:
        """Ask all upstream servers for their models."""
        self._first_look = asyncio.create_task(self._refresh(MAX_AGE_S))

    async def close(self) -> None:
        """Close all connections."""
        if self._first_look is not None:
            self._first_look.cancel()
        for upstream in self.upstreams:
            await upstream.close()

    async def list_models(self) -> ModelList:
        """The models of this server, then those of each upstream server."""
        waiting = self._refresh(MAX_AGE_S)
        if self._local is None:
            await waiting
            own = ModelList(default="", models=[], training=False)
        else:
            own, _ = await asyncio.gather(self._local.list_models(), waiting)
        models = {info.name: info for info in own.models}
        problems = dict(own.problems)
        hosts = dict(own.hosts)
        for upstream in self.upstreams:
            if upstream.problem is not None:
                problems[upstream.host] = upstream.problem
            for name, info in upstream.offer.models.items():
                offering = self._offering(name)
                if name in self._own_names() or offering[0] is not upstream:
                    continue
                models[name] = info
                hosts[name] = upstream.host
                wrong = upstream.problem or upstream.offer.problems.get(name)
                if wrong is not None:
                    problems[name] = wrong
            for name in self._hidden(upstream):
                problems.setdefault(
                    upstream.host,
                    f"{upstream.host} has another model named {name} than "
                    f"{self._offering(name)[0].host}, which comes first. Rename one of the two.",
                )
        default = self.default
        if self._default and self._default != default:
            problems.setdefault(
                self._default,
                f"MAV_DEFAULT_MODEL names {self._default}, which no server offers at present.",
            )
        return ModelList(
            default=default,
            models=list(models.values()),
            problems=problems,
            training=own.training or any(each.offer.training for each in self.upstreams),
            hosts=hosts,
        )

    def health(self) -> Health:
        """The state of this server; the runs of upstream servers count while they are relayed."""
        if self._local is None:
            own = Health(
                status="ok", version=__version__, models_loaded=[], runs_active=0, runs_waiting=0
            )
        else:
            own = self._local.health()
        return own.model_copy(update={"runs_active": own.runs_active + self.active})

    @property
    def default(self) -> str:
        """The model of requests that name none: the configured one if it can be run now, else this
        server's own default, else that of an upstream server."""
        if self._default and (self._default in self._own_names() or self._usable(self._default)):
            return self._default
        if self._local is not None and self._local.default_model:
            return self._local.default_model
        for upstream in self.upstreams:
            offer = upstream.offer
            if upstream.problem is None and offer.models:
                return offer.default if offer.default in offer.models else min(offer.models)
        return self._default or ""

    async def servers_of(self, asked: Asked) -> tuple[list[Upstream], str]:
        """The upstream servers that can answer a request, and the model for runs that name none.

        There are none if this server answers itself.

        Raises:
            MavError: no server can answer.
        """
        default = ""
        own = self._own_names()
        if not all(name in own for name in asked.names):
            await self._refresh_unasked()
            default = self.default if None in asked.names else ""
        names = [name or default for name in asked.names]
        if asked.resume is not None:
            found = self._signers(names[0], asked.resume)
        else:
            found = self._find(names)
        if found is None:
            await self._refresh(MAX_AGE_S)
            found = self._find(names)
        if found is None:
            raise self._not_found(names)
        return found, default

    async def servers_of_run(self, run_id: str) -> list[Upstream]:
        """The upstream servers that may have a run; none if it is one of this server."""
        if self._local is not None and self._local.knows_run(run_id):
            return []
        await self._refresh_unasked()
        return sorted(self.upstreams, key=lambda each: each.problem is not None)

    async def training_server(self) -> Upstream | None:
        """The first upstream server that streams a training."""
        await self._refresh_unasked()
        if not any(each.offer.training for each in self.upstreams):
            await self._refresh(MAX_AGE_S)
        return next((each for each in self.upstreams if each.offer.training), None)

    async def send(
        self, request: RelayedRequest, upstreams: Sequence[Upstream], elsewhere: int | None = None
    ) -> tuple[Upstream, Answer | Refusal]:
        """Send a request to the first of these servers that takes it.

        Servers that are busy or away are tried once more after a while. After the first bytes of a
        stream nothing is tried again.

        Args:
            request: the request.
            upstreams: the servers, best first.
            elsewhere: the status of a server that does not know the run that the request is about,
                so that the next server is asked.

        Raises:
            UpstreamAway: none of them can be reached.
        """
        last: tuple[Upstream, Refusal] | None = None
        for is_again in (False, True):
            wait_s = FIRST_WAIT_S
            for upstream in upstreams:
                try:
                    answer = await upstream.open(request)
                    if answer.status == 200:
                        return upstream, answer
                    refusal = await answer.whole()
                except Interrupted as error:
                    upstream.note_away(error)
                    continue
                last = upstream, refusal
                if refusal.status == elsewhere and upstream != upstreams[-1]:
                    continue
                if refusal.status not in BUSY:
                    return last
                wait_s = max(wait_s, refusal.retry_after_s or 0.0)
            if is_again or wait_s > MAX_WAIT_S:
                break
            await sleep(wait_s)
        if last is None:
            raise upstreams[0].away
        return last

    def _own_names(self) -> Collection[str]:
        return () if self._local is None else self._local.model_names()

    def _offering(self, name: str) -> list[Upstream]:
        """The upstream servers that offer the model of a name, best first."""
        named = [each for each in self.upstreams if name in each.offer.models]
        if not named:
            return []
        if self._local is not None and name in self._own_names():
            first = self._local.describe_model(name)
        else:
            first = named[0].offer.models[name]
        same = [each for each in named if may_be_same(first, each.offer.models[name])]
        # Servers with a problem last, in case they are back.
        return sorted(same, key=lambda each: each.problem is not None)

    def _hidden(self, upstream: Upstream) -> list[str]:
        """Models of a server that another model of the same name hides."""
        own = self._own_names()
        return [
            name
            for name in upstream.offer.models
            if name not in own and upstream not in self._offering(name)
        ]

    def _usable(self, name: str) -> bool:
        return any(each.problem is None for each in self._offering(name))

    def _find(self, names: Sequence[str]) -> list[Upstream] | None:
        """The servers that offer all of these models; none if this one does; None if no server
        does."""
        own = self._own_names()
        if all(name in own for name in names):
            return []
        offering = [self._offering(name) for name in names]
        found = [each for each in offering[0] if all(each in others for others in offering[1:])]
        if found:
            return found
        if self._local is not None and self._local.any_model and not any(offering):
            return []
        return None

    def _signers(self, name: str, resume: str) -> list[Upstream] | None:
        """The servers that may have signed a resume token."""
        offering = self._offering(name)
        own = self._local is not None and name in self._own_names()
        if own and (not offering or (self._local is not None and self._local.has_signed(resume))):
            return []
        return offering or self._find([name])

    def _not_found(self, names: Sequence[str]) -> MavError:
        known = set(self._own_names()).union(*(each.offer.models for each in self.upstreams))
        unknown = [name for name in names if name not in known]
        if not unknown:
            return InvalidSettings(
                f"No server has both models, {names[0]} and {names[-1]}, so they cannot be "
                "compared. Choose two models of one server; /api/models lists them under hosts.",
                field="b.model",
            )
        name = unknown[0]
        field = "model" if len(names) == 1 else f"{'ab'[names.index(name)]}.model"
        missing = f"There is no model named {shown(name)}" if name else "There is no model"
        here = f"Known: {listed(sorted(known))}." if known else "No other model is known."
        away = [each.host for each in self.upstreams if each.problem is not None]
        if away:
            return UpstreamAway(
                f"{missing} while {listed(away)} cannot be used. Try again in "
                f"{RETRY_AFTER_S:.0f} seconds, or choose another model. {here}",
                field=field,
                retry_after_s=RETRY_AFTER_S,
            )
        return UnknownModel(f"{missing}.{did_you_mean(name, known)} {here}", field=field)

    async def _refresh(self, max_age_s: float) -> None:
        await asyncio.gather(*(each.refresh(max_age_s) for each in self.upstreams))

    async def _refresh_unasked(self) -> None:
        unasked = [each for each in self.upstreams if not each.was_asked]
        await asyncio.gather(*(each.refresh(MAX_AGE_S) for each in unasked))
