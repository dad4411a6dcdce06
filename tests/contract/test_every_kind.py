"""Every kind of page over a real socket: polled, recorded, replayed; and what a new one takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from adapters.providers.checks import check_page
from adapters.providers.kinds import KINDS
from adapters.providers.opened import page_sources
from adapters.providers.port import Fetch, Page, Poller
from adapters.providers.recorder import record_page, recording
from adapters.providers.recording import open_recording
from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import Provider, Surface
from bot.domain.errors import SourceError
from bot.domain.page import Component, Severity, Snapshot
from bot.domain.subscription import Channel, Subscription
from bot.engine.step import step
from bot.ports import NeededLists
from bot.replay import replayed
from bot.status.view import status_view
from tests.servers.bodies import body_server
from tests.unit.providers.samples import SAMPLES, Sample

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def served(sample: Sample) -> dict[str, bytes]:
    """The page in trouble, at the host that serves it: one kind has that in a path."""
    bodies = sample.bodies(trouble=True)
    return {path.replace("status.example.com", "127.0.0.1"): one for path, one in bodies.items()}


def catalog_of(sample: Sample, url: str) -> Catalog:
    """A catalogue row for the sample's page, with one surface for all of its components."""
    ids = sample.components or {sample.down: ("It",)}
    surface = Surface("example/it", "It", "example", components=tuple(ids), rows=tuple(ids.items()))
    provider = Provider("example", "Example", url, "example/", (surface,), kind=sample.kind)
    return Catalog({"example": provider})


@dataclass(slots=True)
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@every_kind
async def test_it_is_polled_over_http_and_judged(sample: Sample) -> None:
    async with body_server(served(sample)) as server:
        catalog, clock = catalog_of(sample, server.url), Clock()
        async with page_sources(catalog, clock) as pages:
            snapshot = await pages["example"].poll(lambda _: ())
            state, _ = step(None, snapshot, clock(), catalog)
            view = status_view(catalog, {"example": state}, clock())
    (verdict,) = view.verdicts
    assert verdict.severity is sample.severity
    assert [incident.id for incident in view.incidents] == [sample.incident]


@every_kind
async def test_what_was_recorded_of_it_is_replayed(sample: Sample, tmp_path: Path) -> None:
    out = tmp_path / "page.jsonl"
    async with body_server(served(sample)) as server:
        catalog, clock = catalog_of(sample, server.url), Clock()
        async with page_sources(catalog, clock) as pages:
            with recording(out, clock) as recorder:
                recorder.watch = ("example",)
                work = asyncio.create_task(
                    record_page(pages["example"], catalog, recorder, poll_seconds=0.01)
                )
                async with asyncio.timeout(20):
                    while recorder.look < 3:  # noqa: ASYNC110  # the recorder has no event
                        await asyncio.sleep(0.01)
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
    found = open_recording(out, catalog)
    assert found.provider == "example"
    channel = Subscription(Channel("replay", "local", "a"), severity=Severity.UP)
    told = list(replayed(found.observations, catalog, channel))
    assert told[0].incident.id == sample.incident


# --- recipes ---------------------------------------------------------------------------------

ROWS = """
[acme]
label = "Acme"
page = "{url}"
kind = "{kind}"

[[acme.surface]]
id = "api"
label = "Acme API"
[acme.surface.components]
c1 = ["API"]
"""


@pytest.mark.parametrize("kind", ["statuspage", "incidentio"])
async def test_a_new_provider_of_a_known_kind_is_rows_of_the_catalogue_and_no_code(
    kind: str,
) -> None:
    async with body_server(SAMPLES[kind].bodies(trouble=True)) as server:
        catalog, clock = load_catalog(ROWS.format(url=server.url, kind=kind)), Clock()
        async with page_sources(catalog, clock) as pages:
            snapshot = await pages["acme"].poll(lambda _: ())
            state, _ = step(None, snapshot, clock(), catalog)
    verdict = status_view(catalog, {"acme": state}, clock()).verdict("acme/api")
    assert verdict is not None
    assert verdict.severity is Severity.PARTIAL


@dataclass(frozen=True, slots=True)
class Toy:
    """A format of one word: what a new module beside the others would hold."""

    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        word = (await self.fetch(f"{self.page.url}/word")).decode()
        severity = {"fine": Severity.UP, "broken": Severity.MAJOR}.get(word, Severity.UNKNOWN)
        rows = tuple(Component(id_, id_, severity, word) for id_ in self.page.components)
        return Snapshot(self.page.provider, components=rows, incidents=(), has_history=False)


async def test_a_new_kind_is_a_module_and_a_row_of_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds: dict[str, Callable[[Page, Fetch], Poller]] = {**KINDS, "toy": Toy}
    monkeypatch.setattr("adapters.providers.http.KINDS", kinds)
    async with body_server({"/word": b"broken"}) as server:
        catalog, clock = load_catalog(ROWS.format(url=server.url, kind="toy")), Clock()
        async with page_sources(catalog, clock) as pages:
            page = pages["acme"]
            state, _ = step(None, await page.poll(lambda _: ()), clock(), catalog)
            server.bodies = {"/word": b"unheard of"}
            later, _ = step(state, await page.poll(lambda _: ()), clock(), catalog)
    severities = [
        verdict.severity
        for known in (state, later)
        if (verdict := status_view(catalog, {"acme": known}, clock()).verdict("acme/api"))
    ]
    assert severities == [Severity.MAJOR, Severity.UNKNOWN]


async def test_a_page_that_sends_us_on_to_a_host_that_nobody_watches_is_not_followed() -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://unwatched.example.com/api/v2/summary.json")

    async with body_server(SAMPLES["statuspage"].bodies()) as server:
        catalog = load_catalog(ROWS.format(url=server.url, kind="statuspage"))
        server.answers["/api/v2/summary.json"] = elsewhere
        async with page_sources(catalog, Clock()) as pages:
            with pytest.raises(SourceError, match=r"unwatched\.example\.com, which is not watched"):
                await pages["acme"].poll(lambda _: ())


async def test_the_doctor_says_where_robots_txt_asks_programs_to_stay_away() -> None:
    sample = SAMPLES["google"]
    async with body_server(sample.bodies()) as server:
        catalog, clock = catalog_of(sample, server.url), Clock()
        async with page_sources(catalog, clock) as pages:
            said = [one.says async for one in check_page(pages["example"])]
            assert not any("robots.txt" in one for one in said)
            server.bodies["/robots.txt"] = b"User-agent: *\nDisallow: /incidents.json\n"
            said = [one.says async for one in check_page(pages["example"])]
    assert "its robots.txt asks programs not to read /incidents.json" in said


async def test_the_doctor_says_when_a_cache_answers_with_an_old_copy() -> None:
    sample = SAMPLES["xai"]
    feed = sample.bodies()["/feed.xml"]

    async def copy(_: web.Request) -> web.Response:
        return web.Response(body=feed, headers={"Age": "10800"})

    async with body_server(sample.bodies()) as server:
        catalog, clock = catalog_of(sample, server.url), Clock()
        async with page_sources(catalog, clock) as pages:
            said = [one.says async for one in check_page(pages["example"])]
            assert not any("cache" in one for one in said)
            server.answers["/feed.xml"] = copy
            said = [one.says async for one in check_page(pages["example"])]
    assert "a cache answers for it, with what is 180 min old" in said


async def test_the_doctor_says_which_product_of_google_is_no_more() -> None:
    sample = SAMPLES["google"]
    products = {"products": [{"id": "prod1", "title": "Online inference"}]}
    async with body_server(sample.bodies()) as server:
        catalog, clock = catalog_of(sample, server.url), Clock()
        async with page_sources(catalog, clock) as pages:
            page = pages["example"]
            said = [one.says async for one in check_page(page)]
            assert not any("no product" in one for one in said)
            server.bodies["/products.json"] = json.dumps(products).encode()
            said = [one.says async for one in check_page(page)]
    assert [one for one in said if "no product" in one] == [
        "prod2 is no product of Google's any more"
    ]
