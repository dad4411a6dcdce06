"""Feeds, calendar, badges and the picture of a link, over real sockets, on a real Redis."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from icalendar import Calendar
from PIL import Image

from adapters.redis.keyvalue import RedisKeyValue
from bot.domain.incident import Ending, EventKind, Incident, IncidentEvent
from bot.domain.page import Severity
from tests.contract.test_web_pages import BROWSER, HOSTILE, opened, planned
from tests.contract.web_bench import NOW, Running, incident, node, running

__all__ = ["node", "running"]  # fixtures

ATOM = "{http://www.w3.org/2005/Atom}"
ALL = ("/feed.atom", "/feed.rss", "/feed.json", "/maintenance.ics", "/badge/api.svg", "/card.png")


def edited(before: Incident, text: str, minutes: int) -> Incident:
    """The incident after the provider changed its first text."""
    at = NOW + timedelta(minutes=minutes)
    first = before.events[0]
    correction = IncidentEvent(
        before.revision + 1,
        EventKind.CORRECTED,
        f"{before.id}-corrected-{minutes}",
        first.at,  # a page dates an edit like the text itself
        at,
        before.severity,
        before.phase,
        text,
        corrects=first.key,
    )
    return replace(before, events=(*before.events, correction))


async def atom(running: Running, query: str = "") -> list[ElementTree.Element]:
    answer = await running.get(f"/feed.atom{query}")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    return ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")


def text_of(entry: ElementTree.Element, name: str) -> str:
    return entry.findtext(f"{ATOM}{name}") or ""


async def test_an_edited_incident_changes_its_entry_and_keeps_its_id(running: Running) -> None:
    outage = incident("i1", api=Severity.MAJOR)
    await running.page_says(outage, api=Severity.MAJOR)
    (before,) = await atom(running)
    told_before = (await running.get("/feed.json")).json()["items"][0]
    await running.page_says(edited(outage, "It was our fault.", 3), api=Severity.MAJOR)
    (after,) = await atom(running)
    told_after = (await running.get("/feed.json")).json()["items"][0]

    assert text_of(before, "id") == text_of(after, "id") == told_after["id"] == told_before["id"]
    assert text_of(before, "id").startswith("urn:uuid:")
    assert text_of(before, "updated") < text_of(after, "updated") == "2026-04-09T12:03:00Z"
    assert told_before["date_modified"] < told_after["date_modified"]
    assert "It was our fault." in text_of(after, "content")
    assert "It was our fault." in told_after["content_text"]
    assert "We are investigating." not in text_of(after, "content")


async def test_a_feed_changes_with_its_incidents_alone(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
    first = {path: await running.get(path) for path in ALL[:4]}
    running.at(NOW + timedelta(minutes=7))

    for path, answer in first.items():
        again = await running.get(path, **{"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304, path


async def test_feeds_are_well_formed_whatever_the_provider_writes(running: Running) -> None:
    outage = incident("i1", api=Severity.MAJOR)
    words = f"{HOSTILE}\x00\x0b\ufffe ]]> <b>bold</b>"
    told = replace(outage.events[0], text=words, update_id="u1")
    await running.page_says(replace(outage, title=words, events=(told,)), api=Severity.MAJOR)

    (entry,) = await atom(running)
    rss = ElementTree.fromstring((await running.get("/feed.rss")).content)
    (item,) = (await running.get("/feed.json")).json()["items"]

    assert "<script>alert(1)</script>" in text_of(entry, "content")
    # Readers of RSS take a description for HTML: there it is escaped once more.
    assert "&lt;script&gt;alert(1)" in (rss.findtext("channel/item/description") or "")
    assert "<script>" in item["content_text"]
    assert "content_html" not in item


async def test_a_feed_of_one_surface_has_its_incidents_alone(running: Running) -> None:
    await running.page_says(
        incident("i1", api=Severity.PARTIAL), incident("i2", code=Severity.DEGRADED)
    )
    (entry,) = await atom(running, "?surface=code")
    assert text_of(entry, "link") == ""
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib["href"].endswith("/incident/claude/i2")
    assert (await running.get(link.attrib["href"])).status_code == 200
    assert (await running.get("/feed.atom?surface=opsu")).status_code == 404
    assert (await running.get("/feed.xml")).status_code == 404


async def test_an_empty_feed_is_a_feed(running: Running) -> None:
    assert await atom(running) == []
    feed = (await running.get("/feed.json")).json()
    assert (feed["version"], feed["items"]) == ("https://jsonfeed.org/version/1.1", [])
    assert feed["title"] == "Is Claude down?"


async def events_of(running: Running) -> list[Any]:
    answer = await running.get("/maintenance.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    return list(Calendar.from_ical(answer.text).walk("VEVENT"))


async def test_maintenance_is_in_the_calendar_until_it_is_withdrawn(running: Running) -> None:
    work = planned()
    await running.page_says(work)
    (first,) = await events_of(running)
    await running.page_says(edited(work, "We will, a little later. " * 9, 5))
    (changed,) = await events_of(running)
    await running.page_says(replace(work, ending=Ending.CALLED_OFF, ended_at=NOW))
    (cancelled,) = await events_of(running)
    running.at(NOW + timedelta(days=4))
    past = await events_of(running)

    assert first["uid"] == changed["uid"] == cancelled["uid"]
    assert str(first["summary"]) == "Claude: Database upgrade"
    assert first["dtstart"].dt == datetime(2026, 4, 11, 12, tzinfo=UTC)
    assert first["dtend"].dt == datetime(2026, 4, 11, 13, tzinfo=UTC)
    assert (first["status"], cancelled["status"]) == ("CONFIRMED", "CANCELLED")
    assert first["sequence"] < changed["sequence"]
    assert first["dtstamp"].dt < changed["dtstamp"].dt
    assert "a little later" in str(changed["description"])
    assert past == []


async def test_what_is_moved_without_a_word_is_a_later_edition(running: Running) -> None:
    running.web.notes = RedisKeyValue(running.database)
    work = planned()
    await running.page_says(work)
    (first,) = await events_of(running)
    (again,) = await events_of(running)
    assert work.scheduled_for is not None
    await running.page_says(replace(work, scheduled_for=work.scheduled_for - timedelta(hours=1)))
    running.at(NOW + timedelta(minutes=9))
    (moved,) = await events_of(running)
    running.web.notes = RedisKeyValue(running.database)  # as another replica, or after a restart
    running.at(NOW + timedelta(minutes=19))
    (later,) = await events_of(running)

    assert again == first
    assert (first["sequence"], moved["sequence"]) == (0, 1)
    assert moved["dtstart"].dt == datetime(2026, 4, 11, 11, tzinfo=UTC)
    assert moved["dtstamp"].dt == NOW + timedelta(minutes=9)
    assert later == moved


@pytest.mark.parametrize("severity", Severity)
async def test_a_badge_says_the_state_in_text_title_and_colour(
    running: Running, severity: Severity
) -> None:
    await running.page_says(api=severity)
    answer = await running.get("/badge/api.svg")
    drawn = ElementTree.fromstring(answer.content)
    texts = [one.text for one in drawn.iter() if one.text and one.text.strip()]

    said = severity.words if severity is not Severity.UNKNOWN else texts[-1]
    assert texts == [f"API: {said}", "API", said]
    assert drawn.attrib["aria-label"] == f"API: {said}"
    assert len(answer.content) <= 1500
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_a_badge_of_what_is_not_seen_is_unknown(running: Running) -> None:
    running.at(NOW + timedelta(hours=1))
    assert "API: unknown" in (await running.get("/badge/api.svg")).text
    assert "Claude: unknown" in (await running.get("/badge/claude.svg")).text


async def test_a_provider_has_a_badge_and_a_stranger_has_none(running: Running) -> None:
    await running.page_says(api=Severity.PARTIAL)
    assert "Claude: partial outage" in (await running.get("/badge/claude.svg")).text
    assert (await running.get("/badge/nobody.svg")).status_code == 404


async def test_a_pasted_link_shows_the_answer_as_a_picture(running: Running) -> None:
    await running.page_says(api=Severity.MAJOR)
    page = await opened(running)
    named = {str(a.get("property")): str(a.get("content")) for t, a in page.elements if t == "meta"}
    answer = await running.get(named["og:image"])
    picture = Image.open(io.BytesIO(answer.content))
    await running.page_says()
    other = await running.get(named["og:image"])

    assert named["og:description"].startswith("Yes, partly. The API is down")
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(answer.content) < 40_000
    assert other.content != answer.content


async def test_without_pictures_no_page_names_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.page.site.HAS_PICTURES", False)
    monkeypatch.setattr("adapters.web.page.card.HAS_PICTURES", False)

    assert "og:image" not in (await running.get("/", **BROWSER)).text
    assert (await running.get("/card.png")).status_code == 404


@pytest.mark.parametrize(
    "path", [*ALL, "/robots.txt", "/openapi.json", "/icon/up.svg", "/static/page.css"]
)
async def test_what_is_known_already_is_not_sent_again(running: Running, path: str) -> None:
    first = await running.get(path)
    again = await running.get(path, **{"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["x-content-type-options"] == "nosniff"
