"""Pings a dead-man's switch in the form of healthchecks.io: the URL, or the URL with `/fail`.

https://healthchecks.io/docs/http_api/. The URL is a secret: it never stands in a log or an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
from pydantic import SecretStr

from adapters.http import UNANSWERED, no_cookies
from bot.loops.heartbeat import Heartbeat, Ping
from bot.settings import Settings
from bot.status.view import StatusView

SECONDS = 10.0  # as its examples do


@asynccontextmanager
async def open_heartbeat(
    settings: Settings,
    view: Callable[[], Awaitable[StatusView]],
    leads: Callable[[], bool],
    first_polls: Sequence[asyncio.Event],
) -> AsyncIterator[Heartbeat]:
    """A heartbeat over a client of its own; one that is over at once if no URL is set."""
    async with httpx.AsyncClient(cookies=no_cookies(), timeout=SECONDS) as client:
        url = settings.heartbeat_url
        ping = pinging(client, url) if url else None
        yield Heartbeat(ping, view, leads, first_polls)


def pinging(client: httpx.AsyncClient, url: SecretStr) -> Ping:
    """Return what pings the URL."""
    well = httpx.URL(url.get_secret_value())
    failed = well.copy_with(path=well.path.rstrip("/") + "/fail")

    async def ping(trouble: str) -> bool:
        request = (
            client.stream("POST", failed, content=trouble.encode())
            if trouble
            else client.stream("GET", well)
        )
        try:
            # Its body is not read: it may have no end.
            async with asyncio.timeout(SECONDS), request as answer:
                return answer.is_success
        except (*UNANSWERED, TimeoutError):
            return False

    return ping
