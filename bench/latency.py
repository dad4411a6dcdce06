"""From a change on the page to the first line in the terminal, by the real command."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

from bench.table import milliseconds, progress, row, spread
from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.statuspage import CLAUDE

POLL = 0.5
CHANGES = 40


async def _run() -> None:
    progress(f"latency: {CHANGES} changes of a page that is polled every {POLL} s")
    chance = random.Random(1)
    from_change, from_look = [], []
    names = list(CLAUDE)
    with tempfile.TemporaryDirectory(prefix="isd-bench-") as folder:
        async with (
            page_server() as page,
            started(Path(folder), page.url, ISCLAUDEDOWN_POLL_SECONDS=str(POLL)) as bot,
        ):
            await bot.shows("Everything is up")
            incident = ""
            for number in range(CHANGES):
                await asyncio.sleep(chance.uniform(0, POLL))
                text = f"Sentence {number} ends here."
                component = {names[number // 2 % len(names)]: "major_outage"}
                changed = time.perf_counter()
                looks = len(page.moments)
                if number % 2:
                    page.page.resolve(incident, body=text)
                else:
                    incident = page.page.open(f"Trouble {number}", component, body=text)
                await bot.shows(text)
                shown = time.perf_counter()
                from_change.append(shown - changed)
                loop = asyncio.get_running_loop()
                looked = page.moments[min(looks, len(page.moments) - 1)]
                from_look.append(loop.time() - looked)
            await bot.stop()
    row("from the change: median · 95 of 100 · worst", spread(from_change))
    row("from the look that saw it", spread(from_look), f"poll {milliseconds(POLL)}")


def measure() -> None:
    asyncio.run(_run())
