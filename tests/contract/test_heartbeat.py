"""The ping out: only while looking works, over real HTTP, and never with its URL in a log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from adapters.heartbeat import pinging
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import StoreError
from bot.domain.state import State
from bot.loops.heartbeat import Heartbeat
from bot.status.view import StatusView, status_view
from tests.delivery_kit import utc_now

CATALOG = only(load_catalog(), ["claude"])


@dataclass
class Monitor:
    """What a dead-man's switch was told: method, path, body."""

    heard: list[tuple[str, str, str]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False  # its answer has a body that never ends
    url: str = ""

    async def hears(self, what: tuple[str, str, str]) -> None:
        async with asyncio.timeout(30):
            while what not in self.heard:  # noqa: ASYNC110 - another process has no event of ours
                await asyncio.sleep(0.02)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((request.method, request.path_qs, await request.text()))
        if self.endless:
            endless = web.StreamResponse()
            await endless.prepare(request)
            with contextlib.suppress(ConnectionError):
                while True:
                    await endless.write(b"." * 1_000)
                    await asyncio.sleep(0.01)
            return endless
        return web.Response(status=self.status, headers=self.headers)


@contextlib.asynccontextmanager
async def monitor() -> AsyncIterator[Monitor]:
    one = Monitor()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", one.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/s3cret?create=1"
        yield one
    finally:
        await runner.cleanup()


@dataclass
class Sight:
    """What this replica sees."""

    failing_for: timedelta | None = None
    store_is_away: bool = False
    leads: bool = True

    async def view(self) -> StatusView:
        if self.store_is_away:
            raise StoreError("away")
        now = utc_now()
        since = None if self.failing_for is None else now - self.failing_for
        seen_at = since or now
        state = State("claude", now - timedelta(days=1), seen_at, failing_since=since)
        return status_view(CATALOG, {"claude": state}, now)


async def beats(sight: Sight, at: str) -> None:
    async with httpx.AsyncClient() as client:
        ping = pinging(client, SecretStr(at))
        await Heartbeat(ping, sight.view, lambda: sight.leads).beat(ping)


async def test_it_pings_while_the_page_is_read_and_this_replica_watches() -> None:
    async with monitor() as one:
        await beats(Sight(), one.url)
        await beats(Sight(leads=False), one.url)
        assert one.heard == [("GET", "/s3cret?create=1", "")]


async def test_a_page_that_failed_just_now_is_no_ping_and_one_that_fails_for_long_a_failure() -> (
    None
):
    async with monitor() as one:
        await beats(Sight(timedelta(seconds=40)), one.url)
        assert one.heard == []
        await beats(Sight(timedelta(minutes=5)), one.url)
        said = "cannot read the page of claude"
        assert one.heard == [("POST", "/s3cret/fail?create=1", said)]


async def test_a_store_that_does_not_answer_is_a_failure() -> None:
    async with monitor() as one:
        await beats(Sight(store_is_away=True), one.url)
        assert one.heard == [("POST", "/s3cret/fail?create=1", "the store does not answer")]


async def test_a_monitor_out_of_reach_is_logged_once_and_without_its_url() -> None:
    async with monitor() as one, httpx.AsyncClient() as client:
        one.status = 500
        heartbeat = Heartbeat(pinging(client, SecretStr(one.url)), Sight().view, lambda: True)
        assert heartbeat.ping is not None
        with capture_logs() as logs:
            for _ in range(3):
                await heartbeat.beat(heartbeat.ping)
            one.status = 200
            await heartbeat.beat(heartbeat.ping)
        assert [log["event"] for log in logs] == ["heartbeat.not_heard", "heartbeat.heard"]
        assert "s3cret" not in str(logs)


async def test_a_monitor_that_sends_us_nowhere_is_not_heard_and_ends_nothing() -> None:
    async with monitor() as one, httpx.AsyncClient() as client:
        one.status, one.headers = 302, {"Location": "http://xn--a/"}
        assert not await pinging(client, SecretStr(one.url))("")


async def test_an_answer_without_end_is_not_read() -> None:
    async with monitor() as one, httpx.AsyncClient() as client, asyncio.timeout(30):
        one.endless = True
        assert await pinging(client, SecretStr(one.url))("")
        assert await pinging(client, SecretStr(one.url))("trouble")


async def test_nothing_is_said_before_the_pages_were_polled_once() -> None:
    async with monitor() as one, httpx.AsyncClient() as client:
        polled = asyncio.Event()
        ping = pinging(client, SecretStr(one.url))
        running = asyncio.create_task(
            Heartbeat(ping, Sight().view, lambda: True, [polled], interval=0.01).run()
        )
        await asyncio.sleep(0)
        assert one.heard == []
        polled.set()
        async with asyncio.timeout(20):
            while len(one.heard) < 2:  # noqa: ASYNC110 - the monitor has no event of ours
                await asyncio.sleep(0.01)
        running.cancel()
