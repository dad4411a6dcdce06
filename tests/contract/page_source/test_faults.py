"""A page that fails, lies or moves becomes one error that says what was wrong."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import httpx
import pytest

from adapters.http import seconds_to_wait
from adapters.providers.http import MAX_BYTES, HttpAnswer, StatusPage
from adapters.providers.opened import page_sources
from bot.catalog.catalog import Catalog
from bot.domain.errors import SourceError
from bot.domain.page import Severity
from tests.contract.page_source.kit import CATALOG, NOW, every_list
from tests.servers.page import PageServer
from tests.servers.page_faults import bomb_body
from tests.servers.statuspage import API


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("method_not_allowed", "405"),
        ("html", "HTML"),
        ("html_as_json", "HTML"),
        ("error", "500"),
        ("bad_gateway", "502"),
        ("unavailable", "503"),
        ("empty", "empty"),
        ("half_json", "JSON"),
        ("half", "cannot be read"),
        ("drop", "cannot be read"),
        ("huge", "8 MB"),
        ("bomb", "8 MB"),
        ("layers", "not asked for"),
        ("half_packed", "cut off"),
        ("badly_packed", "packed badly"),
        ("loop", "redirect"),
        ("nonsense", "status page"),
    ],
)
async def test_whatever_the_page_does_becomes_one_error_that_says_what_was_wrong(
    server: PageServer, source: StatusPage, fault: str, says: str
) -> None:
    if fault in {"bomb", "layers"}:
        bomb_body()  # packed here, and not while the answer is waited for
    server.fail(fault)

    with pytest.raises(SourceError) as failed:
        await source.poll(every_list)

    assert says.lower() in str(failed.value).lower()
    assert len(str(failed.value)) < 300

    server.healthy()
    assert (await source.poll(every_list)).components


async def test_a_small_body_that_unpacks_to_much_costs_no_more_than_the_limit(
    server: PageServer, source: StatusPage
) -> None:
    bomb_body()
    server.fail("bomb")
    tracemalloc.start()
    try:
        with pytest.raises(SourceError):
            await source.poll(every_list)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * MAX_BYTES  # of the 64 MB that are in it


async def test_an_etag_that_cannot_be_sent_back_blinds_nobody(
    server: PageServer, source: StatusPage
) -> None:
    server.fail("odd_etag")
    await source.poll(every_list)

    assert (await source.poll(every_list)).components
    server.healthy()
    assert (await source.poll(every_list)).components


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_a_page_that_takes_too_long_is_given_up_and_read_again_when_it_answers(
    server: PageServer, fault: str
) -> None:
    server.fail(fault)
    async with httpx.AsyncClient() as client:
        impatient = StatusPage("claude", server.url, client, lambda: NOW, timeout=1.0)
        with pytest.raises(SourceError, match="within 1 s"):
            await impatient.poll(every_list)

        server.healthy()
        assert (await impatient.poll(every_list)).components


async def test_the_right_body_under_the_wrong_content_type_is_read_all_the_same(
    server: PageServer, source: StatusPage
) -> None:
    server.fail("wrong_type")

    assert len((await source.poll(every_list)).components) == 6


async def test_a_page_nobody_answers_for_is_an_error_of_ours() -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(SourceError, match="cannot be read"):
            await StatusPage("claude", "http://127.0.0.1:9", client, lambda: NOW).poll(every_list)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert seconds_to_wait(header, NOW) == seconds


async def test_what_the_page_asks_for_in_retry_after_is_passed_on(
    server: PageServer, source: StatusPage
) -> None:
    server.fail("too_many")

    with pytest.raises(SourceError) as failed:
        await source.poll(every_list)

    assert failed.value.retry_after == 120


async def test_a_page_that_moved_is_followed(server: PageServer, source: StatusPage) -> None:
    source.base_url = f"{server.url}/moved"
    server.page.set(API, "major_outage")

    seen = await source.poll(every_list)

    assert {c.id: c.severity for c in seen.components}[API] is Severity.MAJOR


async def test_a_login_in_the_address_is_sent_and_shown_nowhere(server: PageServer) -> None:
    heard: list[HttpAnswer] = []
    address = server.url.replace("http://", "http://ann:s3cr%2Ft@")
    catalog = Catalog({"claude": replace(CATALOG.provider("claude"), source=address)})
    async with page_sources(catalog, lambda: NOW) as pages:
        page = replace(pages["claude"], heard=heard.append)
        await page.poll(lambda _: ())
        assert server.logins == ["ann:s3cr/t"]
        server.fail("drop")
        with pytest.raises(SourceError) as failed:
            await page.poll(lambda _: ())
    assert "s3cr" not in f"{failed.value} {page} {heard}"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("bad_port", "sends us on to port 99999: there is none"),
        ("bad_name", "cannot be read: Codepoint"),
    ],
)
async def test_a_redirect_to_what_there_is_not_is_named(
    server: PageServer, fault: str, says: str
) -> None:
    server.fail(fault)
    catalog = Catalog({"claude": replace(CATALOG.provider("claude"), page=server.url, source="")})
    async with page_sources(catalog, lambda: NOW) as pages:
        with pytest.raises(SourceError, match=says):
            await pages["claude"].poll(lambda _: ())
