"""Serves the HTTP application while the program runs, and measures the program for it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from ipaddress import ip_address

import structlog
from starlette.routing import BaseRoute

from adapters.redis.keyvalue import RedisKeyValue
from adapters.redis.queue import depth_of
from adapters.redis.store import Store
from adapters.web.app import Web, build
from adapters.web.metrics import Measured, Metrics
from adapters.web.server import serving
from bot.delivery.worker import Worker
from bot.domain.errors import SettingsError
from bot.evidence.stores import Batch
from bot.evidence.traffic import CallResult
from bot.loops.watcher import Watcher
from bot.settings import Settings
from bot.status.service import StatusService

log = structlog.get_logger()

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True)
class Program:
    """The running parts of the program that HTTP asks."""

    status: StatusService
    store: Store
    watchers: Mapping[str, Watcher]  # by provider
    workers: Mapping[str, Worker]  # by platform

    async def trouble(self) -> str:
        """Return the reason why answers are not good; empty if they are. Raises: StoreError."""
        view = await self.status.view()
        if self.status.snapshot.failure:
            return "our own store does not answer"
        for one in view.providers:
            if one.checked_at is None:
                return f"the page of {one.provider} was never read"
            if not one.is_fresh:
                age = int((view.at - one.checked_at).total_seconds())
                return f"the page of {one.provider} was last read {age} s ago"
        return ""

    async def measure(self) -> Measured:
        store, now = self.store, self.status.clock()
        probes = await store.evidence.probes.records()
        waiting = {name: await depth_of(store.database, name, now) for name in self.workers}
        return Measured(
            view=await self.status.view(),
            polls={name: watcher.polls for name, watcher in self.watchers.items()},
            events={name: watcher.events for name, watcher in self.watchers.items()},
            deliveries={name: asdict(worker.counts) for name, worker in self.workers.items()},
            pending={platform: found.channels for platform, found in waiting.items()},
            lag={platform: found.lag for platform, found in waiting.items()},
            silenced={platform: found.silenced for platform, found in waiting.items()},
            probes={one.target: one.looks.endswith("g") for one in probes},
        )


@asynccontextmanager
async def open_web(
    settings: Settings, program: Program, routes: Sequence[BaseRoute] = ()
) -> AsyncIterator[str]:
    """Serve pages and the API, with `routes` of platforms. Yields where people find it.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    hook = settings.webhook_secret
    web = Web(
        program.status,
        program.store.evidence.traffic,
        Metrics(),
        program.status.clock,
        time.monotonic,
        random.Random(),  # noqa: S311 (jitter, no secret)
        token=settings.http_token.get_secret_value() if settings.http_token else None,
        webhook_secret=hook.get_secret_value() if hook else None,
        hint=lambda provider: program.watchers[provider].hint.set(),
        trouble=program.trouble,
        measure=program.measure,
        public_url=settings.public_url,
        reports=program.store.evidence.reports if settings.public_reports else None,
        notes=RedisKeyValue(program.store.database),
    )
    port = DEFAULT_PORT if settings.http_port is None else settings.http_port
    async with AsyncExitStack() as stack:
        own = (
            [await stack.enter_async_context(_mcp(settings, program, web))] if settings.mcp else []
        )
        serve = serving(
            build(web, [*own, *routes]),
            settings.http_host,
            port,
            trusted_proxies=settings.trusted_proxies,
        )
        listening_on = await stack.enter_async_context(serve)
        program.status.snapshot.hearers.append(web.written)
        await stack.enter_async_context(keeping_up_to_date(web))
        host = settings.http_host
        log.info("http.listening", host=host, port=listening_on)
        yield settings.public_url or local_address(host, listening_on)


@asynccontextmanager
async def keeping_up_to_date(web: Web) -> AsyncIterator[None]:
    """Tell open pages what changes; they are let go before the server ends."""
    telling = asyncio.create_task(web.live.run(web))
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


def local_address(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on this host."""
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _mcp(settings: Settings, program: Program, web: Web) -> AbstractAsyncContextManager[BaseRoute]:
    # Over a second and 12 MB, for those who switched it on.
    try:
        from adapters.web.mcp import make_server, serving_mcp  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "ISCLAUDEDOWN_MCP needs a package more: pip install 'isclaudedown[mcp]'"
        ) from None

    async def report(surface: str, outcome: CallResult) -> bool:
        return await program.store.evidence.traffic.add([Batch(surface, {outcome: 1})], web.clock())

    server = make_server(web.status, web.rng, report, web.token)
    return serving_mcp(server, settings.mcp_hosts, web.reads.take)
