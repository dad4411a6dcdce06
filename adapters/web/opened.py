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
from bot.evidence.stores import TrafficStore
from bot.settings import Settings
from bot.status.service import StatusService

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
    view = await status_service.view()
    for one in view.providers:
        if one.checked_at is None:
            return f"the page of {one.provider} was never read"
        if not one.is_fresh:
            age = int((view.at - one.checked_at).total_seconds())
            return f"the page of {one.provider} was last seen {age} s ago"
    return ""


async def _measured(
    status_service: StatusService,
    counts: Mapping[str, object],
    looks: Mapping[str, int],
    depth: Callable[[str], Awaitable[Depth]],
) -> Measured:
    view = await status_service.view()
    waiting = {platform: await depth(platform) for platform in counts}
    return Measured(
        page_age={
            one.provider: (view.at - one.checked_at).total_seconds()
            for one in view.providers
            if one.checked_at
        },
        page_failing={
            one.provider: one.failing_since is not None for one in view.providers if one.checked_at
        },
        page_looks=looks,
        open_incidents={
            one.provider: len(one.incidents) for one in view.providers if one.checked_at
        },
        counts={platform: plain(one) for platform, one in counts.items()},
        queued={platform: found.channels for platform, found in waiting.items()},
        lag={platform: found.lag for platform, found in waiting.items()},
    )
