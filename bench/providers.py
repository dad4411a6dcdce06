"""What more providers take in memory: the running program with one page, and with fifteen.

Each page has a server of its own, and the program is a process of its own with its own Redis.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.table import progress, row
from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.statuspage import Page

MANY = 15
GOAL = 40  # MB that they may add
PARTS, PAST = 30, 50  # of each page: components, and incidents that are over (guesses)
POLL = 0.5
POLLS = 20  # of each page, before the memory is read
TIMES = 3  # each program is started anew; the median counts


def _page() -> Page:
    """A page as long as those of large providers, all well."""
    page = Page(lambda: datetime.now(UTC))
    parts = {f"part{n}": f"Part {n}" for n in range(PARTS)}
    for identity, name in parts.items():
        page.add_component(identity, name)
    for n in range(PAST):
        text = f"We see elevated errors, and look into case {n}. " * 5
        page.resolve(page.open(f"Elevated errors {n}", {"part1": "partial_outage"}, body=text))
    return page


async def _memory(pages: int) -> float:
    """Return the MB of a program that has read so many pages often."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="isd-bench-"))
        servers = [await stack.enter_async_context(page_server(_page())) for _ in range(pages)]
        more = ",".join(f"page{n}={one.url}" for n, one in enumerate(servers[1:], 2))
        bot = await stack.enter_async_context(
            started(
                Path(folder),
                servers[0].url,
                ISCLAUDEDOWN_PAGES=more,
                ISCLAUDEDOWN_POLL_SECONDS=str(POLL),
                ISCLAUDEDOWN_TERMINAL="off",
            )
        )
        await asyncio.gather(*(server.asked(POLLS) for server in servers))
        taken = psutil.Process(bot.process.pid).memory_info().rss / 2**20
        await bot.stop()
    return taken


async def _run() -> None:
    progress(f"providers: the program with 1 page and with {MANY}, {TIMES} times each")
    one = statistics.median([await _memory(1) for _ in range(TIMES)])
    many = statistics.median([await _memory(MANY) for _ in range(TIMES)])
    row("memory with 1 page", f"{one:,.0f} MB")
    row(f"memory with {MANY} pages", f"{many:,.0f} MB")
    added = f"{many - one:,.1f} MB"
    row(
        "what they add", added, f"goal: at most {GOAL} MB{'' if many - one <= GOAL else ': MISSED'}"
    )


def measure() -> None:
    asyncio.run(_run())
