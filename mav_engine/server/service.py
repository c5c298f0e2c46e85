"""What the routes share: the catalogue, the loaded models and who is using them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import anyio
import anyio.to_thread

from mav_engine import __version__
from mav_engine.backends import Backend
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.settings import SIDES, CompareSettings, Side, blamed
from mav_engine.config import ServerConfig
from mav_engine.contract.events import ModelInfo, TokenRef
from mav_engine.errors import Busy, InvalidSettings, MavError
from mav_engine.faults import refused_for
from mav_engine.generation.resume_token import Seal, take_up
from mav_engine.models.catalog import Catalog
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.server.runs.byte_budget import ByteBudget, ClientBudgets
from mav_engine.server.runs.compare_task import CompareTask
from mav_engine.server.runs.limits import check_text, tokenize_within, within_limits
from mav_engine.server.runs.model_cache import Load, ModelCache
from mav_engine.server.runs.run_queue import RETRY_AFTER_S, RunQueue, Slot
from mav_engine.server.runs.run_task import RunTask
from mav_engine.server.runs.tokenizing import TokenizingThreads
from mav_engine.server.schemas import Health, ModelList, TokenizeRequest, TokenizeResult
from mav_engine.server.training.feed import TrainingFeed
from mav_engine.server.training.inbox import inbox_of
from mav_engine.settings import RunSettings

MAX_TOKENIZING = 16
"""Requests to /api/tokenize that are answered or wait."""
LOG = logging.getLogger("mav.api")


class Service:
    """The state of a server. Its methods are called on the event loop and never block it."""

    def __init__(self, config: ServerConfig, catalog: Catalog, load: Load) -> None:
        self.config = config
        self.catalog = catalog
        self.models = ModelCache(
            load,
            budget=config.cache_bytes,
            device=config.device,
            dtype=config.dtype,
        )
        self.runs: set[RunTask] = set()
        """All runs that have not ended, those in a queue included."""
        self.training = TrainingFeed(config.watch) if config.watch else None
        """The training that is watched, where the operator named one."""
        self.inbox = inbox_of(config)
        """Where a training elsewhere streams to, where the operator opened it."""
        self._seal = Seal.of(config.secret, config.resume_ttl_s)
        self._threads = TokenizingThreads()
        self._tokenizing = 0
        self._queues: dict[str, RunQueue] = {}
        self._clients = ClientBudgets(config.max_client_bytes)

    async def start(self, asked: RunSettings, client: str) -> RunTask:
        """Give a run its slot and find out what is wrong with it before it streams.

        Args:
            asked: what the client sent.
            client: its address.

        Raises:
            MavError: it cannot be run.
        """
        budget = self._budget_of(client)
        asked = within_limits(asked, self.config, self.catalog.default)
        settings, before = take_up(asked, self._seal, most=self.config.max_new_tokens)
        run = self._run_task(settings, partial(prepare, before=before, seal=self._seal), budget)
        try:
            await run.ready()
        except BaseException:
            run.abandon()
            raise
        return run

    async def compare(self, asked: CompareSettings, client: str) -> CompareTask:
        """Give both runs of a comparison their slots, and find out what is wrong with either.

        Both slots are taken at once, so that two comparisons never wait for each other.

        Raises:
            MavError: the run that it names cannot be run.
        """
        budget = self._budget_of(client)
        a, b = self._limited("a", asked.a), self._limited("b", asked.b)
        settings = CompareSettings(a=a, b=b, mode=asked.mode).resolved()
        self._check_two_slots(settings)
        lockstep = Lockstep(settings.mode)
        runs: dict[Side, RunTask] = {}
        try:
            for side in SIDES:
                runs[side] = self._half(getattr(settings, side), lockstep, side, budget)
            task = CompareTask(runs, lockstep)
            await task.ready()
        except BaseException:
            for run in runs.values():
                run.abandon()
            raise
        return task

    async def tokenize(self, request: TokenizeRequest) -> TokenizeResult:
        """The tokens of a text.

        Raises:
            MavError: the model is unknown or cannot be loaded, or not in time.
        """
        entry = self.catalog.find(request.model or self.catalog.default)
        config = self.config
        check_text("text", len(request.text), config.prompt_characters)
        if self._tokenizing >= MAX_TOKENIZING:
            raise Busy(
                f"{MAX_TOKENIZING} texts are being tokenized or wait for it; try again in "
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
        """All models that may be named, with live facts of those in memory."""
        models, problems = await anyio.to_thread.run_sync(self._describe_all)
        return ModelList(
            default=self.catalog.default,
            models=models,
            problems=problems,
            training=self.training is not None,
        )

    def health(self) -> Health:
        """How the server is doing."""
        return Health(
            status="ok",
            version=__version__,
            models_loaded=sorted(info.name for info in self.models.loaded().values()),
            runs_active=sum(queue.active for queue in self._queues.values()),
            runs_waiting=sum(queue.waiting for queue in self._queues.values()),
        )

    def prewarm(self) -> None:
        """Start to load the default model, so that the first run need not wait for it."""
        lease = self.models.lease(self.catalog.find(self.catalog.default))

        def loaded(loading: Future[Backend]) -> None:
            lease.release()
            if error := loading.exception():
                LOG.error("%s could not be loaded: %s", self.catalog.default, error)

        lease.loading.add_done_callback(loaded)

    def _budget_of(self, client: str) -> ByteBudget:
        budget = ByteBudget(self.config.max_run_bytes, self._clients, client)
        budget.check()
        return budget

    def _run_task(
        self,
        settings: RunSettings,
        how: Callable[[RunSettings, Backend], PreparedRun],
        budget: ByteBudget,
    ) -> RunTask:
        """A run with its slot and its lease of the model."""
        entry = self.catalog.find(settings.model)
        key = self.models.key(entry)
        slot = self._take_slot(key)
        lease = self.models.lease(entry)
        run = RunTask(
            settings, entry, self.config, slot, lease, self.runs.discard, how, budget,
            partial(self._threads.run, key),
        )  # fmt: skip
        self.runs.add(run)
        return run

    def _half(
        self, settings: RunSettings, lockstep: Lockstep, side: Side, budget: ByteBudget
    ) -> RunTask:
        try:
            return self._run_task(settings, partial(self._paired, lockstep, side), budget)
        except MavError as error:
            raise blamed(error, side) from None

    def _limited(self, side: Side, asked: RunSettings) -> RunSettings:
        try:
            settings = within_limits(asked, self.config, self.catalog.default)
            self.catalog.find(settings.model)
        except MavError as error:
            raise blamed(error, side) from None
        return settings

    def _check_two_slots(self, settings: CompareSettings) -> None:
        a, b = (self.catalog.find(each.model) for each in (settings.a, settings.b))
        same = self.models.key(a) == self.models.key(b)
        if same and self.config.max_runs < 2:
            raise InvalidSettings(
                f"Comparing {settings.a.model} with itself takes two runs of it at a time, but "
                "this server allows one (MAV_MAX_RUNS). Compare two models, or ask the operator "
                "for two places.",
                field="b.model",
            )

    def _paired(
        self, lockstep: Lockstep, side: Side, settings: RunSettings, backend: Backend
    ) -> PreparedRun:
        return lockstep.paired(side, prepare(settings, backend, seal=self._seal))

    def _take_slot(self, key: str) -> Slot:
        used = {other: each for other, each in self._queues.items() if each.active}
        queue = used.get(key) or RunQueue(self.config.max_runs, self.config.max_queue)
        slot = queue.take()
        self._queues = {**used, key: queue}
        return slot

    def _describe_all(self) -> tuple[list[ModelInfo], dict[str, str]]:
        """What is known of each model, and what is wrong with those that cannot be loaded.

        One model's files never take away the others.
        """
        models: list[ModelInfo] = []
        problems: dict[str, str] = {}
        for entry in self.catalog.entries():
            here = self.models.info(entry)
            if here is not None:
                models.append(here)
                continue
            try:
                models.append(entry.describe())
                wrong = entry.problem()
            except Exception:
                LOG.exception("%s cannot be described", entry.name)
                continue
            if wrong is not None:
                problems[entry.name] = wrong
        return models, problems


def _tokens(backend: Backend, text: str, limit: int) -> list[TokenRef]:
    with refused_for("text", f"The tokenizer of {backend.info.name}"):
        return tokenize_within(backend, text, limit)
