"""The Ray Serve application (docs/scaling.md): `mav_engine.server.ray_serve.application:build`.

Each model has a deployment of engines, and all have one of gateways. The engines of a model scale
with its active and waiting runs. Needs Ray: `pip install 'mav-engine[ray]'`.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import random
import re
from collections.abc import AsyncIterator
from typing import Any

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from ray import serve
from ray.serve.config import AutoscalingConfig, AutoscalingContext, RequestRouterConfig
from ray.serve.handle import DeploymentHandle
from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica
from starlette.types import ASGIApp

from mav_engine.config import ServerConfig, read_environment
from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict import Strict
from mav_engine.server.app import create_app
from mav_engine.server.ray_serve.gateway import Gateway
from mav_engine.server.ray_serve.relay import Head, RelayedRequest, respond

STREAMS_A_GATEWAY = 400
"""Streams that one gateway has when another one is started."""
MOST_STREAMS = 1000
"""Most streams of one gateway, and of one engine with its watchers; further ones wait."""
DRAIN_S = 10.0
"""Seconds that an engine has to stop after the deadline of its last run."""
_RUNS = "runs"


class ModelScale(Strict):
    """The engines of one model."""

    min_replicas: NonNegativeInt = 1
    max_replicas: PositiveInt = 1
    num_cpus: NonNegativeFloat = 1
    """Processor cores of each engine."""
    num_gpus: NonNegativeFloat = 0
    """GPUs of each engine."""
    runs: PositiveInt | None = None
    """Active and waiting runs of one engine when another one is started; by default
    MAV_MAX_RUNS."""
    upscale_delay_s: NonNegativeFloat = 10
    downscale_delay_s: NonNegativeFloat = 120


class Scale(Strict):
    """The arguments of the application."""

    models: dict[str, ModelScale] | None = None
    """The engines of each model by its name; by default one engine of the default model. Other
    models that the environment offers are computed by the engines of the first."""
    min_gateways: PositiveInt = 1
    max_gateways: PositiveInt = 4


class RunRouter(RequestRouter):  # type: ignore[misc]
    """Sends the watchers of a run to the engine that has it, and others to the less busy of two."""

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        """The replicas that may take a request."""
        run_id = "" if pending_request is None else str(pending_request.kwargs.get("run_id", ""))
        for each in candidate_replicas:
            if run_id.startswith(_prefix_of(each.replica_id)):
                return [[each]]
        return [random.sample(candidate_replicas, min(2, len(candidate_replicas)))]


def by_runs(context: AutoscalingContext) -> tuple[float, dict[str, Any]]:
    """As many engines as the active and waiting runs need. Watchers are not counted."""
    runs = sum((context.aggregated_metrics or {}).get(_RUNS, {}).values())
    return runs / context.config.get_target_ongoing_requests(), {}


class Engine:
    """Computes runs, with the whole application and its models in one process."""

    async def __init__(self, model: str) -> None:  # type: ignore[misc]
        """Load a model; Ray Serve sends requests when this has returned."""
        prefix = _prefix_of(serve.get_replica_context().replica_id)
        self._app = create_app(read_environment(os.environ), run_prefix=prefix)
        await asyncio.wrap_future(self._app.state.service.prewarm(model))

    async def answer(
        self, request: RelayedRequest, *, run_id: str = ""
    ) -> AsyncIterator[Head | bytes]:
        """The response to a request; `run_id` is for the router."""
        del run_id
        async for part in respond(self._app, request):
            yield part

    def record_autoscaling_stats(self) -> dict[str, float]:
        """The number that `by_runs` takes."""
        health = self._app.state.service.health()
        return {_RUNS: float(health.runs_active + health.runs_waiting)}


@serve.ingress()
class GatewayReplica:
    """Receives HTTP requests."""

    def __init__(self, engines: dict[str, DeploymentHandle]) -> None:
        handles = {
            model: handle.options(stream=True, method_name="answer")
            for model, handle in engines.items()
        }
        self._first = next(iter(handles.values()))
        self._by_model = handles
        self._by_prefix = {
            _digits(handle.deployment_name, 4): handle for handle in handles.values()
        }

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """Called by Ray Serve for the application."""
        config = read_environment(os.environ)
        local = create_app(config.model_copy(update={"prewarm": False}))
        return Gateway(local, self._call, config)

    async def _call(
        self, request: RelayedRequest, model: str, run_id: str
    ) -> AsyncIterator[Head | bytes]:
        known = self._by_prefix.get(run_id[:4]) if run_id else self._by_model.get(model)
        response = (known or self._first).remote(request, run_id=run_id)
        try:
            async for part in response:
                yield part
        finally:
            # The engine stops if it has not finished.
            response.cancel()


def build(arguments: dict[str, Any]) -> serve.Application:
    """Make the application from the arguments of a Serve config file.

    Raises:
        InvalidSettings: an argument or a variable is invalid or missing.
    """
    scale = Scale(**arguments)
    config = read_environment(os.environ)
    if config.secret is None:
        raise InvalidSettings(
            "MAV_SECRET is not set. Engines accept each other's resume tokens only if they share "
            "one: set it to at least 16 random characters in the runtime_env of the application.",
            field="MAV_SECRET",
        )
    catalog = config.catalog()
    models = scale.models or {catalog.default: ModelScale()}
    engines = {
        model: _engines(catalog.find(model).name, each, config) for model, each in models.items()
    }
    gateways = serve.deployment(
        GatewayReplica,
        name="gateway",
        ray_actor_options={"num_cpus": 0.5},
        max_ongoing_requests=MOST_STREAMS,
        graceful_shutdown_timeout_s=config.deadline_s + 2 * DRAIN_S,
        autoscaling_config=AutoscalingConfig(
            min_replicas=scale.min_gateways,
            max_replicas=scale.max_gateways,
            target_ongoing_requests=STREAMS_A_GATEWAY,
        ),
    )
    return gateways.bind(engines)


def _engines(model: str, scale: ModelScale, config: ServerConfig) -> serve.Application:
    deployment = serve.deployment(
        Engine,
        name=f"engine-{re.sub(r'[^A-Za-z0-9]+', '-', model).strip('-')}",
        ray_actor_options={"num_cpus": scale.num_cpus, "num_gpus": scale.num_gpus},
        max_ongoing_requests=MOST_STREAMS,
        # No run lasts longer; a run that its deadline ends has a resume token.
        graceful_shutdown_timeout_s=math.ceil(config.deadline_s + DRAIN_S),
        request_router_config=RequestRouterConfig(request_router_class=RunRouter),
        autoscaling_config=AutoscalingConfig(
            min_replicas=scale.min_replicas,
            max_replicas=scale.max_replicas,
            target_ongoing_requests=scale.runs or config.max_runs,
            upscale_delay_s=scale.upscale_delay_s,
            downscale_delay_s=scale.downscale_delay_s,
            policy={"policy_function": by_runs},
        ),
    )
    return deployment.bind(model)


def _prefix_of(replica: ReplicaID) -> str:
    """The first digits of the ids of an engine's runs: of its deployment, and its own."""
    return _digits(replica.deployment_id.name, 4) + _digits(replica.unique_id, 8)


def _digits(name: str, count: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:count]
