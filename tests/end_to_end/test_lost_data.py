"""The whole program on a Redis that loses everything while it runs."""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis

from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.redis import standalone
from tests.servers.statuspage import CLAUDE_AI


async def test_a_terminal_subscribes_anew_and_is_told_of_what_comes_next(tmp_path: Path) -> None:
    with standalone() as node:
        async with (
            page_server() as page,
            started(tmp_path, page.url, REDIS_URL=node.url) as bot,
            Redis.from_url(node.url) as redis,
        ):
            await bot.shows("Everything is up")
            await redis.flushall()
            await bot.logs("store.data_lost")
            await bot.shows("Everything is up", times=2)
            page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
            await bot.shows("We look.")


async def test_an_incident_that_runs_meanwhile_goes_on_in_its_thread(tmp_path: Path) -> None:
    with standalone() as node:
        async with (
            page_server() as page,
            started(tmp_path, page.url, REDIS_URL=node.url) as bot,
            Redis.from_url(node.url) as redis,
        ):
            await bot.shows("Everything is up")
            running = page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
            await bot.shows("We look.")
            page.page.update(running, "identified", {CLAUDE_AI: "major_outage"}, body="Found.")
            await bot.shows("Found.")
            await redis.flushall()
            await bot.shows("claude.ai is down; the rest works")
            page.page.update(running, "monitoring", {CLAUDE_AI: "partial_outage"}, body="Mended.")
            await bot.shows("Mended.")
            page.page.resolve(running, body="It is over.")
            await bot.shows("It is over.")

            assert bot.out.count("🔴 Login trouble · major outage") == 1, "its root stands there"
            for said in ("We look.", "Found.", "Mended."):
                assert bot.out.count(said) == 1
