"""The state that routes share: the catalog, the loaded models and the active runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import anyio
import anyio.to_thread

from mav_engine import __version__
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.backends.chat_server.servers import ChatEntry, ChatServers
from mav_engine.backends.load import needs_torch
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.settings import SIDES, CompareSettings, Side, error_of_side
from mav_engine.config import ServerConfig
from mav_engine.contract.events import ModelInfo, TokenRef
from mav_engine.contract.model_list import ModelList
from mav_engine.contract.tokenized import TokenizeResult
from mav_engine.errors import Busy, InvalidSettings, MavError
from mav_engine.faults import refused_for
from mav_engine.generation.resume_token import OtherKey, Seal, Unfinished, resolve
from mav_engine.models.catalog import Catalog
from mav_engine.running.chat_run import PreparedChatRun
from mav_engine.running.prepare import PreparedRun, prepare, prepare_any
from mav_engine.running.run import new_run_id
from mav_engine.server.http.client_limits import ClientLimits, RunPermit
from mav_engine.server.metrics import Metrics, State
from mav_engine.server.runs.byte_budget import ByteBudget, ClientBudgets
from mav_engine.server.runs.compare_task import CompareTask
from mav_engine.server.runs.kept_runs import KeptRuns
from mav_engine.server.runs.limits import check_text, tokenize_within, within_limits
from mav_engine.server.runs.memory import MemoryBudget
from mav_engine.server.runs.model_cache import AnyModel, Load, ModelCache
from mav_engine.server.runs.run_queue import RETRY_AFTER_S, RunQueue, Slot
from mav_engine.server.runs.run_task import RunTask
from mav_engine.server.runs.shared_run import Watcher
from mav_engine.server.runs.tokenizing import TokenizingThreads
from mav_engine.server.schemas import TokenizeRequest
from mav_engine.server.state import Health, NotReady
from mav_engine.server.tracing import Tracing
from mav_engine.server.training.feed import TrainingFeed
from mav_engine.server.training.inbox import inbox_of
from mav_engine.settings import DEFAULT_MODEL, RunSettings

MAX_TOKENIZING = 16
"""Most active and waiting requests to /api/tokenize."""
LOG = logging.getLogger("mav.api")
RUNS = logging.getLogger("mav.runs")


class Service:
    """The state of a server. Its methods are called on the event loop and never block it.

    Args:
        config: the server's settings.
        catalog: the models to offer.
        load: loads a model.
        limits: the limits of each client.
        metrics: counts the runs.
        tracing: makes spans of the runs, if traces are sent.
        run_prefix: the first digits of the ids of runs.
        chat_servers: the servers of the catalog's remote models.
    """

    def __init__(
        self,
        config: ServerConfig,
        catalog: Catalog,
        load: Load,
        limits: ClientLimits,
        metrics: Metrics,
        tracing: Tracing | None = None,
        run_prefix: str = "",
        chat_servers: ChatServers | None = None,
    ) -> None:
        self._run_prefix = run_prefix
        self.chat_servers = chat_servers or ChatServers([])
        self.config = config
        self.catalog = catalog
        self.models = ModelCache(
            load,
            budget=config.cache_bytes,
            device=config.device,
            dtype=config.dtype,
        )
        self.kept = KeptRuns(config.keep_run_bytes, config.keep_run_s)
        """The runs that can be watched."""
        self.runs: set[RunTask] = set()
        """All unfinished runs, waiting ones included."""
        self.training = TrainingFeed(config.watch) if config.watch else None
        """The training that is shown, if the operator named one."""
        self.inbox = inbox_of(config)
        """Receives a training from another machine, if the operator enabled it."""
        self._seal = Seal.of(config.secret, config.resume_ttl_s)
        self._warned_of_key = False
        self._threads = TokenizingThreads()
        self._tokenizing = 0
        self._queues: dict[str, RunQueue] = {}
        self._clients = ClientBudgets(config.max_client_bytes)
        self._limits = limits
        self._metrics = metrics
        self._tracing = tracing
        self.memory = MemoryBudget.of(config)
        """The memory of the active runs."""
        self._prewarmed: Future[AnyModel] | None = None
        """The load of the default model, if it began with the server."""

    async def start(self, asked: RunSettings, client: str) -> Watcher:
        """Take a slot for a run and check it before its stream starts.

        Args:
            asked: the client's settings.
            client: the client's address.

        Returns:
            The client as the first watcher of the run.

        Raises:
            MavError: the run is refused.
        """
        budget = self._budget_of(client)
        asked = within_limits(asked, self.config, self.catalog.default)
        settings, before = self._resolved(asked)
        await self._ask_chat_server(settings.model)
        permit = await self._limits.take_run(client)
        try:
            how = partial(prepare_any, before=before, seal=self._seal)
            run = self._run_task(settings, how, budget, permit)
            try:
                await run.ready()
            except BaseException:
                run.abandon()
                raise
            return self.kept.share(run)
        finally:
            permit.drop()

    def watch(self, run_id: str, last_event_id: str | None, client: str) -> Watcher | None:
        """Watch a run of another client, or None if the client has all events of a finished run.

        Args:
            run_id: the run.
            last_event_id: the last event that the client has received, if any.
            client: the client's address.

        Raises:
            MavError: the run cannot be watched.
        """
        self._budget_of(client)
        return self.kept.watch(run_id, last_event_id, partial(self._clients.spend, client))

    def continue_watching(self, last_event_id: str, client: str) -> Watcher | None:
        """Watch the run of an event source that has reconnected, or None if nothing follows.

        Raises:
            ClientBudgetSpent: the client's budget is used up.
        """
        self._budget_of(client)
        return self.kept.watch_after(last_event_id, partial(self._clients.spend, client))

    async def compare(self, asked: CompareSettings, client: str) -> CompareTask:
        """Take slots for both runs of a comparison and check them.

        Both slots are taken at once, so that two comparisons never wait for each other.

        Raises:
            MavError: a run is refused; the error names it.
        """
        budget = self._budget_of(client)
        await self._ask_chat_server(asked.a.model)
        await self._ask_chat_server(asked.b.model)
        a, b = self._limited("a", asked.a), self._limited("b", asked.b)
        settings = CompareSettings(a=a, b=b, mode=asked.mode).resolved()
        self._check_two_slots(settings)
        lockstep = Lockstep(settings.mode)
        runs: dict[Side, RunTask] = {}
        permit = await self._limits.take_run(client)
        try:
            for side in SIDES:
                runs[side] = self._half(getattr(settings, side), lockstep, side, budget, permit)
            task = CompareTask(runs, lockstep)
            await task.ready()
        except BaseException:
            for run in runs.values():
                run.abandon()
            raise
        finally:
            permit.drop()
        return task

    async def tokenize(self, request: TokenizeRequest) -> TokenizeResult:
        """The tokens of a text.

        Raises:
            MavError: the model is unknown or cannot be loaded in time.
        """
        await self._ask_chat_server(request.model or "")
        entry = self.catalog.find(request.model or self.catalog.default or DEFAULT_MODEL)
        config = self.config
        check_text("text", len(request.text), config.prompt_characters)
        if self._tokenizing >= MAX_TOKENIZING:
            raise Busy(
                f"{MAX_TOKENIZING} texts are being tokenized or are waiting; try again in "
                f"{RETRY_AFTER_S:.0f} seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
        lease = self.models.lease(entry)
        self._tokenizing += 1
        try:
            with anyio.fail_after(config.deadline_s):
                backend = await asyncio.wrap_future(lease.loading)
                work = partial(_tokens, backend, request.text, config.max_prompt_tokens)
                tokens = await self._threads.run(self.models.key(entry), work)
        except TimeoutError:
            loading = not lease.loading.done()
            raise Busy(
                f"{entry.name} is {'still being loaded' if loading else 'busy'}.",
                field="model",
                retry_after_s=RETRY_AFTER_S,
            ) from None
        finally:
            self._tokenizing -= 1
            lease.release()
        return TokenizeResult(model=entry.name, count=len(tokens), tokens=tokens)

    async def list_models(self) -> ModelList:
        """All available models, with the current state of loaded ones."""
        models, problems = await anyio.to_thread.run_sync(self._describe_all)
        return ModelList(
            default=self.catalog.default,
            models=models,
            problems=problems,
            training=self.training is not None,
            hosts={info.name: info.server.name for info in models if info.server is not None},
        )

    def state(self) -> State:
        """The state of the server, for its metrics."""
        health = self.health()
        size, prefix_hits, prefix_misses = self.models.sizes()
        return State(
            runs_active=health.runs_active,
            runs_waiting=health.runs_waiting,
            models_loaded=len(health.models_loaded),
            model_bytes=size,
            run_bytes=self.memory.taken,
            run_bytes_limit=self.memory.limit,
            model_cache=(self.models.hits, self.models.misses),
            prefix_cache=(prefix_hits, prefix_misses),
        )

    def health(self) -> Health:
        """The state of the server."""
        return Health(
            status="ok",
            version=__version__,
            models_loaded=sorted(info.name for info in self.models.loaded().values()),
            runs_active=sum(queue.active for queue in self._queues.values()),
            runs_waiting=sum(queue.waiting for queue in self._queues.values()),
        )

    def refuse_waiting(self) -> None:
        """End the runs that wait, since the server takes no more."""
        for run in list(self.runs):
            if run.waits:
                run.stop("cancelled")

    def stop_runs(self) -> None:
        """End all runs with their next token, or without it if that takes long."""
        for run in list(self.runs):
            run.stop("cancelled")

    def check_ready(self) -> None:
        """Check that the default model is loaded, if it is loaded at the start.

        Raises:
            NotReady: it is not.
        """
        if self._prewarmed is None:
            return
        if not self._prewarmed.done():
            raise NotReady("The default model is being loaded.", retry_after_s=RETRY_AFTER_S)
        if self._prewarmed.exception() is not None:
            raise NotReady("The default model could not be loaded; the server's log says why.")

    @property
    def default_model(self) -> str:
        """The model of requests that name none; empty if there is none."""
        return self.catalog.default

    @property
    def any_model(self) -> bool:
        """Whether every other name may be a model too."""
        return self.config.any_model

    def model_names(self) -> set[str]:
        """The names of the models in the catalog."""
        return {entry.name for entry in self.catalog.entries()}

    def describe_model(self, name: str) -> ModelInfo:
        """The description of a model in the catalog."""
        entry = self.catalog.find(name)
        return self.models.info(entry) or entry.describe()

    def knows_run(self, run_id: str) -> bool:
        """Whether a run is or was run here."""
        return self.kept.knows(run_id)

    def has_signed(self, resume: str) -> bool:
        """Whether this server can continue the run of a resume token."""
        try:
            self._seal.read(resume)
        except MavError:
            return False
        return True

    def prewarm(self, model: str | None = None) -> Future[AnyModel]:
        """Start to load a model, by default the default one, so that no run waits for it."""
        name = model or self.catalog.default
        lease = self.models.lease(self.catalog.find(name))

        def loaded(loading: Future[AnyModel]) -> None:
            lease.release()
            if error := loading.exception():
                LOG.error("%s could not be loaded: %s", name, error)

        lease.loading.add_done_callback(loaded)
        if model is None:
            self._prewarmed = lease.loading
        return lease.loading

    async def _ask_chat_server(self, name: str) -> None:
        """Ask the server of a model, if it is one of a chat server that is not known to have it."""
        server = self.chat_servers.server_of(name)
        if server is not None and name not in server.models:
            await anyio.to_thread.run_sync(self.chat_servers.refresh_for, name)

    def _resolved(self, asked: RunSettings) -> tuple[RunSettings, Unfinished | None]:
        try:
            return resolve(asked, self._seal, most=self.config.max_new_tokens)
        except OtherKey:
            # Once, since clients then continue without the token and every run would log it.
            if not self._warned_of_key:
                self._warned_of_key = True
                LOG.warning(
                    "A resume token was refused because another server signed it. If several "
                    "instances answer at one address, set MAV_SECRET to the same value (at least "
                    "16 characters) for all of them; until then, each run that continues on "
                    "another instance is computed again from its beginning."
                )
            raise

    def _budget_of(self, client: str) -> ByteBudget:
        budget = ByteBudget(self.config.max_run_bytes, self._clients, client)
        budget.check()
        return budget

    def _run_task(
        self,
        settings: RunSettings,
        how: Callable[[RunSettings, AnyModel], PreparedRun | PreparedChatRun],
        budget: ByteBudget,
        permit: RunPermit,
    ) -> RunTask:
        """A run with its slot and its lease of the model; it holds its client's permit."""
        entry = self.catalog.find(settings.model)
        key = self.models.key(entry)
        slot = self._take_slot(key)
        lease = self.models.lease(entry)
        run = RunTask(
            settings, entry, self.config, slot, lease, partial(self._ended, permit), how, budget,
            self.memory, partial(self._threads.run, key), new_run_id(self._run_prefix),
        )  # fmt: skip
        if self._tracing:
            run.record.context = self._tracing.current()
        permit.hold()
        self.runs.add(run)
        return run

    def _ended(self, permit: RunPermit, run: RunTask) -> None:
        if run not in self.runs:
            return
        self.runs.discard(run)
        permit.drop()
        record = run.record
        self._metrics.run_ended(record)
        if self._tracing:
            self._tracing.run_ended(record)
        RUNS.info("run ended", extra=record.fields())

    def _half(
        self,
        settings: RunSettings,
        lockstep: Lockstep,
        side: Side,
        budget: ByteBudget,
        permit: RunPermit,
    ) -> RunTask:
        try:
            return self._run_task(settings, partial(self._paired, lockstep, side), budget, permit)
        except MavError as error:
            raise error_of_side(error, side) from None

    def _limited(self, side: Side, asked: RunSettings) -> RunSettings:
        try:
            settings = within_limits(asked, self.config, self.catalog.default)
            self.catalog.find(settings.model)
        except MavError as error:
            raise error_of_side(error, side) from None
        return settings

    def _check_two_slots(self, settings: CompareSettings) -> None:
        a, b = (self.catalog.find(each.model) for each in (settings.a, settings.b))
        same = self.models.key(a) == self.models.key(b)
        if same and self.config.max_runs < 2:
            raise InvalidSettings(
                f"Comparing {settings.a.model} with itself takes two simultaneous runs of it, but "
                "this server allows one (MAV_MAX_RUNS). Compare two models, or ask the operator "
                "for two places.",
                field="b.model",
            )

    def _paired(
        self, lockstep: Lockstep, side: Side, settings: RunSettings, backend: AnyModel
    ) -> PreparedRun:
        if isinstance(backend, ChatModel):
            raise InvalidSettings(
                f"{backend.name} cannot be compared: a comparison needs the probabilities of the "
                f"whole vocabulary, which {backend.server.name} does not give. Compare two models "
                "of this server.",
                field="model",
            )
        return lockstep.add(side, prepare(settings, backend, seal=self._seal))

    def _take_slot(self, key: str) -> Slot:
        used = {other: each for other, each in self._queues.items() if each.active}
        queue = used.get(key) or RunQueue(self.config.max_runs, self.config.max_queue)
        slot = queue.take()
        self._queues = {**used, key: queue}
        return slot

    def _describe_all(self) -> tuple[list[ModelInfo], dict[str, str]]:
        """The description of each model, and the problems of those that cannot be loaded.

        An error of one model does not affect the others.
        """
        self.chat_servers.refresh()
        models: list[ModelInfo] = []
        problems = self.chat_servers.problems()
        for entry in self.catalog.entries():
            here = self.models.info(entry)
            if here is not None and not isinstance(entry, ChatEntry):
                models.append(here)
                continue
            try:
                models.append(entry.describe())
                wrong = entry.problem()
                if wrong is None and not isinstance(entry, ChatEntry):
                    wrong = needs_torch(
                        entry.source,
                        name=entry.name,
                        device=self.config.device,
                        dtype=entry.precision or self.config.dtype,
                    )
            except Exception:
                LOG.exception("%s cannot be described", entry.name)
                continue
            if wrong is not None:
                problems[entry.name] = wrong
        return models, problems


def _tokens(backend: AnyModel, text: str, limit: int) -> list[TokenRef]:
    with refused_for("text", f"The tokenizer of {backend.info.name}"):
        return tokenize_within(backend, text, limit)
