"""One client for all pages keeps one pace for each host, and a body that was cut is asked anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from adapters.providers.http import BURST, Pacer, StatusPage
from bot.domain.errors import SourceError
from bot.domain.page import PageList, Snapshot
from tests.servers.page import page_server

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def every_list(_: Snapshot) -> frozenset[PageList]:
    return frozenset(PageList)


async def test_two_pages_of_one_host_share_its_pace_and_another_host_does_not_wait() -> None:
    pacer = Pacer(3600)
    for _ in range(BURST):
        await pacer.turn("one.example")
    waiting = asyncio.create_task(pacer.turn("one.example"))
    for _ in range(BURST):
        await pacer.turn("two.example")
    assert not waiting.done()
    waiting.cancel()


async def test_a_page_is_not_asked_more_often_than_its_pace_allows() -> None:
    async with page_server() as server, httpx.AsyncClient() as client:
        pacer = Pacer(3600)
        pages = [
            StatusPage(name, server.url, client, lambda: NOW, pacer=pacer) for name in ("a", "b")
        ]
        await pages[0].poll(every_list)  # the summary and both lists: all that a burst allows
        waiting = asyncio.create_task(pages[1].poll(every_list))
        await asyncio.sleep(0.2)
        assert sum(server.requests.values()) == BURST
        waiting.cancel()


async def test_a_body_that_was_cut_off_is_not_confirmed_by_its_tag() -> None:
    async with page_server() as server, httpx.AsyncClient() as client:
        page = StatusPage("claude", server.url, client, lambda: NOW)
        server.fail("half_json", times=1)
        with pytest.raises(SourceError):
            await page.poll(every_list)
        assert (await page.poll(every_list)).components
        assert server.not_modified == 0
