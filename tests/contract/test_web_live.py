"""Open pages are told what changes, over real sockets, on a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from adapters.redis.client import open_database
from adapters.redis.incidents import RedisIncidentStore
from adapters.web import server
from adapters.web.app import build
from adapters.web.page import live
from adapters.web.run import keeping_up_to_date
from bot.domain.page import Severity
from tests.contract.test_web_pages import opened
from tests.contract.web_bench import Running, incident, node, running
from tests.servers.redis import standalone

__all__ = ["node", "running"]  # fixtures


@dataclass
class Event:
    name: str
    id: str
    data: Any


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


@contextlib.asynccontextmanager
async def listening(
    running: Running, path: str = "/", seen: str = "", **headers: str
) -> AsyncIterator[AsyncIterator[Event]]:
    async with (
        asyncio.timeout(20),
        running.http.stream(
            "GET", f"/live{path}", params={"seen": seen}, headers=headers, timeout=20
        ) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


async def version_on(running: Running, path: str = "/") -> str:
    main = next(attrs for tag, attrs in (await opened(running, path)).elements if tag == "main")
    return str(main["data-version"])


async def test_who_has_an_older_version_gets_the_new_one_whole(running: Running) -> None:
    async with keeping_up_to_date(running.web), listening(running, seen="older") as heard:
        first = await anext(heard)

    assert (first.name, first.id) == ("state", await version_on(running))
    assert first.data["title"] == "Is Claude down? No"
    assert '<span class="head">No.</span>' in first.data["main"]


async def test_who_has_the_version_of_now_gets_moments_and_then_the_change(
    running: Running,
) -> None:
    version = await version_on(running)
    async with keeping_up_to_date(running.web), listening(running, seen=version) as heard:
        first = await anext(heard)
        await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
        running.web.written()
        changed = await anext(heard)

    assert first.name == "beat"
    assert (changed.name, changed.data["icon"]) == ("state", "major_outage")
    assert "We are investigating." in changed.data["main"]


async def test_a_change_is_found_even_if_nobody_says_that_something_was_written(
    running: Running,
) -> None:
    version = await version_on(running)
    async with keeping_up_to_date(running.web), listening(running, seen=version) as heard:
        await anext(heard)
        await running.page_says(api=Severity.DEGRADED)  # as another process would
        assert (await anext(heard)).name == "state"


async def test_what_changed_while_nobody_listened_is_not_missed(running: Running) -> None:
    version = await version_on(running)
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)

    async with (
        keeping_up_to_date(running.web),
        listening(running, seen="ignored", **{"Last-Event-ID": version}) as heard,
    ):
        assert (await anext(heard)).data["icon"] == "major_outage"


async def test_a_page_is_drawn_once_for_all_who_have_it_open(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    draw = running.web.site.draw

    def counted(name: str, values: dict[str, Any]) -> str:
        drawn.append(name)
        return draw(name, values)

    monkeypatch.setattr(running.web.site, "draw", counted)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(keeping_up_to_date(running.web))
        all_of_them = [
            await stack.enter_async_context(listening(running, seen="older")) for _ in range(20)
        ]
        for heard in all_of_them:
            await anext(heard)
        assert drawn.count("middle.html") == 1
        await running.page_says(api=Severity.MAJOR)
        running.web.written()
        told = [await anext(heard) for heard in all_of_them]

    assert {event.id for event in told} == {told[0].id}
    assert len({id(event.data) for event in told}) == 20


async def test_the_page_of_one_incident_is_told_of_it(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
    version = await version_on(running, "/incident/claude/i1")
    async with (
        keeping_up_to_date(running.web),
        listening(running, "/incident/claude/i1", seen=version) as heard,
    ):
        await anext(heard)
        await running.page_says(incident("i1", api=Severity.PARTIAL), api=Severity.PARTIAL)
        running.web.written()
        changed = await anext(heard)

    assert "partial outage" in changed.data["main"]
    assert 'href="../../surface/api"' in changed.data["main"]


async def test_that_our_store_is_away_is_a_change_too(running: Running) -> None:
    version = await version_on(running)
    with standalone() as gone:
        away = await open_database(gone.url)
    async with keeping_up_to_date(running.web), listening(running, seen=version) as heard:
        await anext(heard)
        running.web.status.snapshot.incident_store = RedisIncidentStore(away)
        running.web.written()
        changed = await anext(heard)
    await away.close()

    assert (changed.name, "I can't reach my own store" in changed.data["main"]) == ("state", True)


async def test_a_page_that_cannot_be_drawn_leaves_the_others_live(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = running.web.site.draw

    def broken(name: str, values: dict[str, Any]) -> str:
        if values.get("main") == "wall.html":
            raise ValueError("a fault of ours")
        return draw(name, values)

    async with (
        keeping_up_to_date(running.web),
        listening(running, "/wall") as on_the_wall,
        listening(running) as heard,
    ):
        await anext(on_the_wall)
        await anext(heard)
        monkeypatch.setattr(running.web.site, "draw", broken)
        await running.page_says(api=Severity.MAJOR)
        running.web.written()
        assert (await anext(heard)).data["icon"] == "major_outage"


@pytest.mark.parametrize("path", ["/history", "/nowhere", "/incident/nowhere", "/live/"])
async def test_what_never_changes_or_is_not_there_cannot_be_listened_to(
    running: Running, path: str
) -> None:
    assert (await running.get(f"/live{path}")).status_code == 404


async def test_at_our_end_all_are_let_go_at_once(running: Running) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with keeping_up_to_date(running.web):
            heard = await stack.enter_async_context(listening(running))
            await anext(heard)
        with pytest.raises(StopAsyncIteration):
            await anext(heard)


async def test_more_than_can_be_kept_up_to_date_are_refused_and_the_page_stays(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_TOPICS", 1)
    async with keeping_up_to_date(running.web), listening(running) as heard:
        await anext(heard)
        refused = await running.get("/live/surface/api")
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert (await running.get("/surface/api")).status_code == 200
        async with listening(running, "/wall") as on_the_wall:  # the answer itself has room
            assert (await anext(on_the_wall)).name == "state"


async def test_listeners_take_no_room_from_others(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(server, "MOST_HELD", 20)
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(server.serving(build(running.web), "127.0.0.1", 0))
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        running.http = await stack.enter_async_context(http)
        await stack.enter_async_context(keeping_up_to_date(running.web))
        heard = [await stack.enter_async_context(listening(running)) for _ in range(20)]
        for one in heard:
            await anext(one)

        assert (await running.get("/health")).status_code == 200
        assert (await running.get("/live/")).status_code == 503
