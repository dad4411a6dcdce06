"""The past from the first minute: what the list of the page tells, in the chat and the shell."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import StandingClock
from tests.end_to_end.harness import command, environment, launch, started, until
from tests.end_to_end.sitting import sitting
from tests.servers.page import page_server
from tests.servers.statuspage import API, CLAUDE_AI, Page

HOUR = timedelta(hours=1)


def page_with_a_past(incidents: int = 1) -> Page:
    """Case 2 yesterday: major for 40 min, partial for 73; and an hour every other day before."""
    now = datetime.now(UTC).replace(microsecond=0)
    clock = StandingClock(now - timedelta(days=2 * incidents + 1))
    page = Page(clock)
    for number in range(incidents - 1):
        clock.now = now - timedelta(days=2 * (incidents - number) + 1)
        old = page.open(f"Old {number}", {API: "partial_outage"})
        clock.now += HOUR
        page.resolve(old)
    clock.now = now - timedelta(days=1)
    outage = page.open("Login fails", {CLAUDE_AI: "major_outage"})
    clock.now += timedelta(minutes=40)
    page.update(outage, "identified", {CLAUDE_AI: "partial_outage"}, body="Most can log in.")
    clock.now += timedelta(minutes=73)
    page.resolve(outage)
    page.clock = lambda: datetime.now(UTC)
    return page


async def test_the_list_is_history_at_the_first_look_and_nothing_of_it_is_news(
    tmp_path: Path,
) -> None:
    async with page_server(page_with_a_past()) as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        said = await command(tmp_path, page.url, "uptime", "claude.ai", "90d", "slo", "99.9")
        assert "major 40 min, partial 73 min" in said.out
        assert "SLO 99.9 %" in said.out
        assert "Login fails" not in bot.out
        scripted = await command(tmp_path, page.url, "uptime", "claude.ai", "2d", "--json")
        (surface,) = json.loads(scripted.out)["surfaces"]
        assert surface["official"]["lengths"]["major_outage"] == 40 * 60
        assert surface["official"]["weighted"] == pytest.approx(1 - (40 + 0.3 * 73) / 2880)
        assert surface["official"]["unknown"] == 0
        assert surface["official"]["looks"] > 0


async def test_a_longer_list_is_read_page_by_page(tmp_path: Path) -> None:
    async with page_server(page_with_a_past(120)) as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")

        async def whole() -> bool:
            said = await command(tmp_path, page.url, "uptime", "api", "230d", "--json")
            (surface,) = json.loads(said.out)["surfaces"]
            return bool(surface["official"]["unknown"] == 0)

        await until(whole)
        assert page.requests["incidents.json?page=2"] == 1
        assert page.requests["incidents.json?page=3"] == 1
        assert "Old 3" not in bot.out


async def test_without_an_instance_one_look_at_the_list_gives_the_figures(tmp_path: Path) -> None:
    async with page_server(page_with_a_past()) as page:
        said = await command(tmp_path, page.url, "uptime", "claude.ai", "90d")
    assert said.code == 0
    assert "major 40 min, partial 73 min" in said.out
    assert "From incidents, not the page's own figure" in said.out


async def test_with_neither_store_nor_page_all_is_unknown_and_it_is_said_why(
    tmp_path: Path,
) -> None:
    said = await command(tmp_path, "http://127.0.0.1:9", "uptime", "api")
    assert "API unknown" in said.out
    assert "cannot be read" in said.err


async def test_uptime_names_a_word_that_it_does_not_know(tmp_path: Path) -> None:
    async with page_server() as page:
        said = await command(tmp_path, page.url, "uptime", "xyzzy")
    assert (said.code, said.out) == (2, "")
    assert "'xyzzy' means nothing to uptime" in said.err


async def test_an_incident_of_the_past_is_told_and_reported_in_the_shell(tmp_path: Path) -> None:
    async with page_server(page_with_a_past()) as page:
        (id_,) = [one["id"] for one in page.page.incidents]
        told, report, scripted, unknown, wrong = await asyncio.gather(
            *(
                command(tmp_path / str(number), page.url, "incident", *words)
                for number, words in enumerate(
                    ([id_], [id_, "report"], [id_, "report", "--json"], ["xyzzy"], [id_, "foo"])
                )
            )
        )
    assert "Most can log in." in told.out
    assert "From the page: it was over before I first looked." in told.out
    assert "| the incident as a whole | 40 min | 73 min |" in report.out
    assert json.loads(scripted.out)["lengths"] == {"major_outage": 2400, "partial_outage": 4380}
    assert (unknown.code, wrong.code) == (2, 2)
    assert "no incident 'xyzzy' is known" in unknown.err


async def test_at_the_prompt_the_past_is_asked_and_an_incident_ends_with_its_story(
    tmp_path: Path,
) -> None:
    async with page_server(page_with_a_past()) as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.types("history 7d", "from the page")
        await person.types("uptime claude.ai 90d slo 99.9", "major 40 min, partial 73 min")
        await person.types("uptime gibberish", "“gibberish”")
        outage = page.page.open("Errors", {API: "major_outage"}, body="We look.")
        await person.shows("We look.")
        await person.types("report api 529 again", "Counted")
        await page.asked(3)  # the next poll has heard of it: nobody is told
        page.page.resolve(outage)
        await person.shows("Resolved: Errors")
        await person.types(f"incident {outage} report", "## Detection and reaction")
        assert "at most 1 person reported at one time" in person.out
        assert "First report here: 20" in person.out


async def test_the_past_survives_the_program(tmp_path: Path) -> None:
    async with page_server(page_with_a_past()) as page:
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            await bot.stop()
        page.fail("html")
        program = await launch(environment(tmp_path, page.url), "uptime", "claude.ai")
        async with asyncio.timeout(30):
            assert await program.ends() == 0
        assert "major 40 min, partial 73 min" in program.out
