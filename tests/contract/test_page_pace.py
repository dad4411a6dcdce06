"""One client for all pages keeps one pace for each host, and a body that was cut is asked anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web

from adapters.providers.http import BURST, Pacer, StatusPage
from bot.domain.errors import SourceError
from bot.domain.page import PageList, Snapshot
from tests.servers.bodies import body_server
from tests.servers.page import page_server
from tests.unit.providers.samples import SAMPLES

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


@pytest.mark.parametrize(
    ("headers", "age", "good_for"),
    [
        ({}, 0, 0),
        ({"Cache-Control": "public, max-age=60", "Age": "20"}, 20, 40),
        ({"Cache-Control": "s-maxage=600, max-age=0"}, 0, 0),
        ({"Cache-Control": 'max-age="90"'}, 0, 90),
        ({"Cache-Control": "no-cache, max-age=90"}, 0, 0),
        ({"Cache-Control": "max-age=60", "Age": "600"}, 600, 0),
        ({"Cache-Control": "max-age=soon", "Age": "²"}, 0, 0),
    ],
)
async def test_what_caches_say_of_an_answer_is_read(
    headers: dict[str, str], age: int, good_for: int
) -> None:
    sample = SAMPLES["google"]
    body = sample.bodies()["/incidents.json"]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    async with body_server({}) as server, httpx.AsyncClient() as client:
        server.answers["/incidents.json"] = answer
        page = StatusPage(
            "g", server.url, client, lambda: NOW, kind="google", components=sample.components
        )
        seen = await page.poll(every_list)
    assert (seen.age, seen.good_for) == (timedelta(seconds=age), timedelta(seconds=good_for))


async def test_a_page_of_several_documents_is_as_old_as_the_oldest_of_them() -> None:
    bodies = SAMPLES["instatus"].bodies()

    async def old(_: web.Request) -> web.Response:
        body = bodies["/v3/components.json"]
        return web.Response(body=body, headers={"Age": "300", "Cache-Control": "max-age=900"})

    async with body_server(bodies) as server, httpx.AsyncClient() as client:
        server.answers["/v3/components.json"] = old
        page = StatusPage("i", server.url, client, lambda: NOW, kind="instatus")
        seen = await page.poll(every_list)
    assert (seen.age, seen.good_for) == (timedelta(seconds=300), timedelta(0))
