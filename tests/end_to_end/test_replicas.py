"""Two processes on one Redis: one watches, the other takes over."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.harness import PATIENCE, started
from tests.servers.page import page_server
from tests.servers.redis import standalone
from tests.servers.statuspage import API

assert PATIENCE > 15  # seconds in which another watcher takes over


async def test_when_the_watching_one_is_killed_the_other_tells_on(tmp_path: Path) -> None:
    with standalone("--appendonly", "yes") as node:
        async with page_server() as page:
            first, second = tmp_path / "a", tmp_path / "b"
            async with started(first, page.url, REDIS_URL=node.url) as watching:
                await watching.shows("Everything is up")
                async with started(second, page.url, REDIS_URL=node.url) as waiting:
                    await waiting.shows("Everything is up")
                    outage = page.page.open("Trouble", {API: "major_outage"}, body="We look.")
                    await watching.logs("fanout.queued")
                    while not (watching.out + waiting.out).count("We look."):
                        await page.asked()
                    assert '"held": true' not in waiting.err
                    await watching.kill()
                    page.page.resolve(outage, body="It works.")
                    await waiting.logs('"held": true')
                    await waiting.shows("It works.")
                    assert await waiting.stop() == 0
        both = watching.out + waiting.out
        assert [both.count(text) for text in ("We look.", "It works.")] == [1, 1]
