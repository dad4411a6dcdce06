"""The page is asked for no more than is needed: the unchanged, and the history list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.providers.http import HttpAnswer, StatusPage
from bot.domain.errors import SourceError
from bot.domain.page import Severity
from bot.engine.endings import HISTORY_EVERY
from bot.engine.step import step
from tests.contract.page_source.kit import CATALOG, NOW, after, every_list, settled
from tests.servers.page import PageServer
from tests.servers.statuspage import API


async def test_an_unchanged_page_is_asked_once_a_look_and_answers_304(
    server: PageServer, source: StatusPage
) -> None:
    state = await settled(source)
    before = server.requests.copy()

    again = await source.poll(after(state))

    assert server.not_modified == 1
    assert server.requests["summary.json"] == before["summary.json"] + 1
    assert server.requests["incidents.json"] == before["incidents.json"]
    assert len(again.components) == 6
    assert again.recent is None


async def test_the_history_list_is_read_when_the_page_moved(
    server: PageServer, source: StatusPage
) -> None:
    state = await settled(source)
    server.page.open("API errors", {API: "partial_outage"})

    seen = await source.poll(after(state))

    assert [report.title for report in seen.incidents] == ["API errors"]
    assert seen.recent is not None
    assert not seen.recent_full


async def test_the_history_list_is_read_again_after_ten_minutes(source: StatusPage) -> None:
    state = await settled(source)
    old = replace(state, history_at=NOW - HISTORY_EVERY - timedelta(seconds=1))

    assert (await source.poll(after(old))).recent is not None


async def test_a_history_list_that_fails_hides_no_outage_and_is_asked_for_again(
    server: PageServer, source: StatusPage
) -> None:
    state = await settled(source)
    server.page.open("API errors", {API: "partial_outage"})
    server.fail("error", times=1, path="incidents.json")

    seen = await source.poll(after(state))

    assert [report.title for report in seen.incidents] == ["API errors"]
    assert seen.recent is None
    assert (await source.poll(after(state))).recent is not None


async def test_a_first_poll_whose_list_fails_says_why_and_asks_for_it_again(
    server: PageServer, source: StatusPage
) -> None:
    server.fail("error", times=1, path="incidents.json")

    first = await source.poll(every_list)
    assert first.components
    assert "500" in first.list_failure

    state, _ = step(None, first, NOW, CATALOG)
    again = await source.poll(after(state))
    assert again.recent is not None
    assert not again.list_failure


async def test_an_incident_that_left_the_summary_is_looked_up_in_the_history_list(
    server: PageServer, source: StatusPage
) -> None:
    incident = server.page.open("API errors", {API: "partial_outage"})
    state = await settled(source)
    server.page.resolve(incident)
    server.page.updated_at = state.page_updated_at.isoformat() if state.page_updated_at else ""

    seen = await source.poll(after(state))

    assert seen.incidents == ()
    assert [(report.id, report.phase) for report in seen.recent or ()] == [(incident, "resolved")]


async def test_a_page_without_etags_is_read_whole_every_time(
    server: PageServer, source: StatusPage
) -> None:
    server.with_etag = False
    state = await settled(source)
    server.page.set(API, "major_outage")

    seen = await source.poll(after(state))

    assert {c.id: c.severity for c in seen.components}[API] is Severity.MAJOR
    assert server.not_modified == 0


async def test_every_answer_is_heard_as_it_came(server: PageServer, source: StatusPage) -> None:
    answers: list[HttpAnswer] = []
    source.heard = answers.append
    server.fail("method_not_allowed", times=1)

    with pytest.raises(SourceError):
        await source.poll(every_list)

    assert [(answer.status, answer.body) for answer in answers] == [(405, b"Method Not Allowed")]
