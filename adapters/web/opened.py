"""The HTTP application, made of what runs and served while the bot does."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from starlette.routing import BaseRoute

from adapters.redis.depth import Depth
from adapters.web.app import Web, build
from adapters.web.metrics import Measured, Metrics, plain
from adapters.web.server import serving
from bot.evidence.sources import TrafficStore
from bot.settings import Settings
from bot.status.service import StatusService
from bot.status.verdict import is_fresh

log = structlog.get_logger()

DEFAULT_PORT = 8080


@asynccontextmanager
async def open_web(
    settings: Settings,
    status_service: StatusService,
    traffic: TrafficStore,
    *,
    hint: Callable[[str], None],
    counts: Callable[[], Mapping[str, object]],
    looks: Callable[[], Mapping[str, int]],
    depth: Callable[[str], Awaitable[Depth]],
    routes: Sequence[BaseRoute] = (),
) -> AsyncIterator[None]:
    """Serve if a port is set, or if a platform needs `routes` of its own.

    `hint` makes the watcher of a provider look now. For the metrics: `counts` is what each
    platform's courier did, `looks` how often each page was looked at, `depth` what waits.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    if settings.http_port is None and not routes:
        yield
        return
    metrics = Metrics()
    metrics.listen()
    web = Web(
        status_service,
        traffic,
        metrics,
        status_service.clock,
        time.monotonic,
        random.Random(),  # noqa: S311 (jitter, no secret)
        token=settings.http_token.get_secret_value() if settings.http_token else None,
        webhook_secret=(
            settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        ),
        hint=hint,
        ready=lambda: _trouble(status_service),
        measure=lambda: _measured(status_service, counts(), looks(), depth),
    )
    port = DEFAULT_PORT if settings.http_port is None else settings.http_port
    async with serving(build(web, routes), settings.http_host, port) as port:
        log.info("http.listening", host=settings.http_host, port=port)
        yield


async def _trouble(status_service: StatusService) -> str:
    """What keeps us from answering well; empty if nothing does. Raises: StoreError."""
    sight = await status_service.look()
    seen = {state.provider: state for state in sight.states}
    for provider in status_service.catalog.providers:
        if provider not in seen:
            return f"the page of {provider} was never read"
        if not is_fresh(seen[provider], sight.now):
            age = int((sight.now - seen[provider].observed_at).total_seconds())
            return f"the page of {provider} was last seen {age} s ago"
    return ""


async def _measured(
    status_service: StatusService,
    counts: Mapping[str, object],
    looks: Mapping[str, int],
    depth: Callable[[str], Awaitable[Depth]],
) -> Measured:
    sight = await status_service.look()
    waiting = {platform: await depth(platform) for platform in counts}
    return Measured(
        page_age={s.provider: (sight.now - s.observed_at).total_seconds() for s in sight.states},
        page_failing={s.provider: s.failing_since is not None for s in sight.states},
        page_looks=looks,
        open_incidents={
            s.provider: sum(i.is_open for i in s.incidents.values()) for s in sight.states
        },
        counts={platform: plain(one) for platform, one in counts.items()},
        queued={platform: found.channels for platform, found in waiting.items()},
        lag={platform: found.lag for platform, found in waiting.items()},
    )
