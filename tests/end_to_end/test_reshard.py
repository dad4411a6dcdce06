"""`isclaudedown reshard` by its command: refused while the program runs, unnoticed afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.harness import command, started
from tests.servers.page import page_server
from tests.servers.redis import standalone
from tests.servers.statuspage import CLAUDE_AI


async def test_what_was_told_before_a_move_is_told_on_after_it_and_nothing_twice(
    tmp_path: Path,
) -> None:
    with standalone() as node:
        given = {"REDIS_URL": node.url}
        async with page_server() as page:
            async with started(tmp_path, page.url, **given) as bot:
                await bot.shows("Everything is up")
                running = page.page.open(
                    "Login trouble", {CLAUDE_AI: "major_outage"}, body="We look."
                )
                await bot.shows("We look.")
                refused = await command(tmp_path, page.url, "reshard", "16", **given)
                assert refused.code == 1
                assert "a program watches claude" in refused.err
                assert await bot.stop() == 0

            moved = await command(tmp_path, page.url, "reshard", "16", **given)
            assert (moved.code, moved.err) == (0, "")
            assert "Moved into 16 shards: 1 subscriptions" in moved.out
            again = await command(tmp_path, page.url, "reshard", "16", **given)
            assert again.out == "There are 16 shards already.\n"

            async with started(tmp_path, page.url, **given) as bot:
                page.page.resolve(running, body="It is over.")
                await bot.shows("It is over.")
                assert "We look." not in bot.out.partition("Everything is up")[0]


async def test_a_program_that_missed_a_move_ends_and_says_why(tmp_path: Path) -> None:
    with standalone() as node:
        async with (
            page_server() as page,
            started(tmp_path, page.url, REDIS_URL=node.url) as bot,
        ):
            await bot.shows("Everything is up")
            with node.client() as redis:
                redis.set("icd:{icd}:shards", "16")
            assert await bot.ends() == 1
            assert "isclaudedown: the destinations were moved to other shards" in bot.err
            assert "Traceback" not in bot.err
