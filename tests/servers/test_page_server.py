"""The local status page: it looks like the real one, and fails like it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.clock import StandingClock
from tests.servers.page import PageServer, page_server
from tests.servers.page_faults import FAULTS
from tests.servers.statuspage import API, CLAUDE_AI, CODE, Page
from tests.shared import shared_path

SUMMARY = "/api/v2/summary.json"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[PageServer]:
    async with page_server() as running:
        yield running


@pytest.fixture
async def client(server: PageServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=2) as http:
        yield http


def shape(value: Any) -> Any:
    """Return the keys of a JSON value, all the way down, and of lists those of the first item."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def test_an_outage_has_the_shape_of_a_real_one() -> None:
    real = json.loads(
        shared_path("data/claude/summary_2026-04-28_1751_major_outage.json").read_text()
    )
    page = Page(StandingClock(START))
    page.open("claude.ai is down", {CLAUDE_AI: "major_outage", CODE: "partial_outage"})

    assert shape(page.summary()) == shape(real)
    assert page.summary()["status"] == real["status"]


def test_an_incident_moves_its_components_and_its_history() -> None:
    clock = StandingClock(START)
    page = Page(clock)
    outage = page.open("down", {CLAUDE_AI: "major_outage", API: "partial_outage"})
    clock.now += timedelta(minutes=5)
    page.update(outage, "monitoring", {CLAUDE_AI: "degraded_performance"})
    shown = page.summary()
    [update, first] = shown["incidents"][0]["incident_updates"]

    assert shown["components"][0]["status"] == "degraded_performance"
    assert shown["components"][0]["updated_at"] == "2026-11-01T12:05:00.000Z"
    assert update["affected_components"][0]["old_status"] == "major_outage"
    assert [c["new_status"] for c in first["affected_components"]] == [
        "major_outage",
        "partial_outage",
    ]
    assert [c["id"] for c in shown["incidents"][0]["components"]] == [CLAUDE_AI]


@pytest.mark.parametrize("unlink", [True, False])
def test_a_resolve_turns_everything_green_and_may_unlink_it(*, unlink: bool) -> None:
    page = Page(StandingClock(START))
    outage = page.open("down", {CLAUDE_AI: "major_outage"})
    page.resolve(outage, unlink=unlink)
    [past] = page.history()["incidents"]

    assert page.summary()["incidents"] == []
    assert page.summary()["status"]["indicator"] == "none"
    assert past["resolved_at"] == "2026-11-01T12:00:00.000Z"
    assert bool(past["components"]) is not unlink
    assert (past["incident_updates"][0]["affected_components"] is None) is unlink


def test_history_is_cut_at_fifty_and_sorted_by_end() -> None:
    clock = StandingClock(START)
    page = Page(clock)
    long_one = page.open("long", {API: "degraded_performance"})
    for number in range(50):
        clock.now += timedelta(minutes=1)
        page.resolve(page.open(f"short {number}"))
    assert [i["name"] for i in page.history()["incidents"]][:2] == ["long", "short 49"]
    page.resolve(long_one)
    names = [i["name"] for i in page.history()["incidents"]]
    assert len(names) == 50
    assert "short 0" not in names


def test_a_maintenance_stands_in_its_own_list() -> None:
    page = Page(StandingClock(START))
    window = page.schedule("database", [API], START, START + timedelta(hours=1))
    assert page.summary()["scheduled_maintenances"][0]["components"][0]["id"] == API
    assert page.summary()["incidents"] == []
    page.update(window, "in_progress", {API: "under_maintenance"})
    assert page.summary()["status"]["indicator"] == "maintenance"
    page.update(window, "completed", {API: "operational"})
    assert page.summary()["scheduled_maintenances"] == []
    assert page.windows()["scheduled_maintenances"][0]["status"] == "completed"


async def test_the_same_page_is_answered_304(server: PageServer, client: httpx.AsyncClient) -> None:
    first = await client.get(SUMMARY)
    again = {"If-None-Match": first.headers["etag"]}
    assert (await client.get(SUMMARY, headers=again)).status_code == 304
    server.page.set(CODE, "partial_outage")
    assert (await client.get(SUMMARY, headers=again)).json()["components"][3]["status"] == (
        "partial_outage"
    )
    assert server.requests == {"summary.json": 3}
    assert server.not_modified == 1


async def test_a_moved_page_redirects(server: PageServer, client: httpx.AsyncClient) -> None:
    answer = await client.get("/moved" + SUMMARY, follow_redirects=True)
    assert answer.json()["page"]["name"] == "Claude"
    assert [step.status_code for step in answer.history] == [301]


STATUS_OF = {
    "method_not_allowed": 405,
    "bad_port": 302,
    "error": 500,
    "bad_gateway": 502,
    "unavailable": 503,
    "too_many": 429,
    "loop": 302,
}
NEVER_WHOLE = {"half", "drop", "hang", "drip", "badly_packed", "bad_name"}
GOOD_BUT_FOR_ITS_HEADERS = {"odd_etag"}


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_every_fault_is_one(server: PageServer, fault: str) -> None:
    server.fail(fault, times=1)
    async with httpx.AsyncClient(base_url=server.url, timeout=1) as client:
        if fault in NEVER_WHOLE:
            with pytest.raises((httpx.RequestError, TimeoutError, UnicodeError)):
                async with asyncio.timeout(1):
                    await client.get(SUMMARY)
        else:
            answer = await client.get(SUMMARY)
            assert answer.status_code == STATUS_OF.get(fault, 200)
            kind = answer.headers.get("content-type", "")
            if fault in GOOD_BUT_FOR_ITS_HEADERS:
                kind = ""
            assert not (kind.startswith("application/json") and is_page(answer))
        assert is_page(await client.get(SUMMARY)), "a fault that was to come once is over"


def is_page(answer: httpx.Response) -> bool:
    try:
        return "components" in answer.json()
    except ValueError:
        return False


async def test_one_can_wait_for_what_is_asked(
    server: PageServer, client: httpx.AsyncClient
) -> None:
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(server.asked(2))
        await asyncio.sleep(0)
        await client.get(SUMMARY)
        assert not waiting.done()
        await client.get("/api/v2/incidents.json")


async def test_as_a_program_it_takes_orders() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.page", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(base_url=url) as client:

            async def order(do: str, **words: object) -> httpx.Response:
                return await client.post("/control", json={"do": do, "with": words})

            outage = (await order("open", name="down", components={API: "major_outage"})).json()
            shown = (await client.get(SUMMARY)).json()
            assert shown["incidents"][0]["id"] == outage["id"]
            await order("fail", fault="error", times=1)
            assert (await client.get(SUMMARY)).status_code == 500
            assert (await order("burn")).status_code == 400
            assert (await order("resolve", incident="no such")).status_code == 400
            assert (await client.get("/control")).json()["requests"] == {"summary.json": 2}
    finally:
        process.terminate()
        await process.wait()
