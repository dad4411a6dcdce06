"""A page lost from sight while something is wrong, and the switch that is pinged meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.contract.test_heartbeat import monitor
from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.statuspage import API

BLIND = {"ISCLAUDEDOWN_BLIND_MINUTES": "0.01"}


async def test_it_says_once_that_it_cannot_see_and_once_that_it_can_across_a_kill(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        async with started(tmp_path, page.url, **BLIND) as bot:
            await bot.shows("Everything is up")
            page.page.open("API trouble", {API: "major_outage"}, body="We look.")
            await bot.shows("We look.")
            page.fail("drop")
            await bot.shows("I can't see the status page of Claude")
            await bot.shows("API major outage. By now it may be")
            await page.asked(3)  # by then it is kept that this was told
            await bot.kill()
        async with started(tmp_path, page.url, **BLIND) as bot:
            page.healthy()
            await bot.shows("I can see the status page of Claude again")
            assert "I can't see" not in bot.out


async def test_a_switch_is_pinged_once_the_page_was_read_and_told_where_it_cannot_be(
    tmp_path: Path,
) -> None:
    async with monitor() as switch, page_server() as page:
        setting = {"ISCLAUDEDOWN_HEARTBEAT_URL": switch.url}
        async with started(tmp_path / "well", page.url, **setting) as bot:
            await bot.shows("Everything is up")
            await switch.hears(("GET", "/s3cret?create=1", ""))
            assert "s3cret" not in bot.out + bot.err
        page.fail("drop")
        async with started(tmp_path / "blind", page.url, **setting):
            await switch.hears(("POST", "/s3cret/fail?create=1", "cannot read the page of claude"))
