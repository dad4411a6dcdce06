"""What a terminal is told while the page changes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.statuspage import API, CLAUDE_AI

DOWN = {CLAUDE_AI: "major_outage"}


def lines_with(text: str, out: str) -> list[str]:
    return [line for line in out.splitlines() if text in line]


async def test_the_first_start_subscribes_and_shows_what_runs_as_joined_midway(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        page.page.open("Login trouble", DOWN, body="Nobody can log in.")
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Nobody can log in.")
            assert "joined" in bot.out.casefold()
            assert len(lines_with("🔴 Login trouble", bot.out)) == 1


async def test_a_page_that_is_read_later_than_the_first_start_is_joined_then(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        page.fail("drop")
        page.page.open("Login trouble", DOWN, body="Nobody can log in.")
        async with started(tmp_path, page.url) as bot:
            await bot.shows("not been able to read")
            page.healthy()
            await bot.shows("Nobody can log in.")


async def test_an_incident_is_told_from_its_opening_to_its_end_in_order(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        outage = page.page.open("Login trouble", {CLAUDE_AI: "partial_outage"}, body="We look.")
        await bot.shows("We look.")
        page.page.update(outage, "identified", body="A cause was found.")
        await bot.shows("A cause was found.")
        page.page.update(outage, "identified", DOWN | {API: "major_outage"}, body="More is down.")
        await bot.shows("More is down.")
        page.page.resolve(outage, body="All is well again.")
        await bot.shows("All is well again.")
        texts = ["We look.", "A cause was found.", "More is down.", "All is well again."]
        assert [re.sub(r".*· ", "", line) for line in told(bot.out)] == texts


def told(out: str) -> list[str]:
    """The provider's words, in the order in which they were shown."""
    return [line.strip() for line in out.splitlines() if re.search(r"┃ .*[a-z]\.$", line)]


async def test_what_changed_while_it_was_away_is_told_once_after_the_start(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            running = page.page.open("Login trouble", DOWN, body="We look.")
            await bot.shows("We look.")
            assert await bot.stop() == 0
        page.page.resolve(running, body="All is well again.")
        short = page.page.open("Slow answers", {API: "degraded_performance"}, body="It is slow.")
        page.page.resolve(short, body="It was short.")
        page.page.open("Uploads fail", {API: "partial_outage"}, body="Uploads do not work.")
        async with started(tmp_path, page.url) as bot:
            await bot.shows("All is well again.")
            await bot.shows("Uploads do not work.")
            await bot.shows("It was short.")
            assert await bot.stop() == 0
        async with started(tmp_path, page.url) as last:
            await page.asked(3)
            await last.shows("Uploads")  # in its greeting
            assert await last.stop() == 0
        both = bot.out + last.out
        for text in ("All is well again.", "Uploads do not work.", "It was short."):
            assert both.count(text) == 1, text
        # What began and ended meanwhile is one quiet message.
        assert len(lines_with("Slow answers", both)) == 1
