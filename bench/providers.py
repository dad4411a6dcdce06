"""What more providers take in memory: the running program with one page, and with fifteen.

Each page has a server of its own, and the program is a process of its own with its own Redis.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import mixed
from bench.table import progress, row
from bot.catalog.catalog_file import load_catalog
from tests.end_to_end.harness import environment, started
from tests.servers.bodies import body_server
from tests.servers.page import page_server
from tests.servers.statuspage import Page

MANY = 15
GOAL = 40  # MB that they may add
PARTS, PAST = 30, 50  # of each page: components, and incidents that are over (guesses)
POLL = 0.5
POLLS = 20  # of each page, before the memory is read
PATIENCE = 300.0  # seconds, for a program on a busy machine
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


async def _mixed_memory() -> float:
    """Return the MB of a program that has read fifteen pages of a dozen formats often."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="isd-bench-"))
        pages = {
            name: await stack.enter_async_context(page_server(_page()))
            for name in ("claude", "openai", "github", "groq", "cohere")
        }
        kinds = {id_: one.kind for id_, one in load_catalog().providers.items()}
        documents = {
            name: await stack.enter_async_context(
                body_server(mixed.bodies(kinds[name.partition("/")[0]]))
            )
            for name in mixed.DOCUMENTS
        }
        urls = {name: page.url for name, page in pages.items()}
        urls |= {name.partition("/")[0]: one.url for name, one in documents.items()}
        env = environment(
            Path(folder),
            pages["claude"].url,
            ISCLAUDEDOWN_PROVIDERS=",".join([*pages, *documents]),
            ISCLAUDEDOWN_POLL_SECONDS=str(POLL),
            ISCLAUDEDOWN_TERMINAL="off",
        )
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.mixed", json.dumps(urls)),
            env=env,
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(page.asked(POLLS) for page in pages.values()))
                while any(one.requests.total() < POLLS for one in documents.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            return float(psutil.Process(program.pid).memory_info().rss) / 2**20
        finally:
            program.terminate()
            await program.wait()


async def _run() -> None:
    progress(f"providers: the program with 1 page and with {MANY}, {TIMES} times each")
    one = statistics.median([await _memory(1) for _ in range(TIMES)])
    many = statistics.median([await _memory(MANY) for _ in range(TIMES)])
    row("memory with 1 page", f"{one:,.0f} MB")
    row(f"memory with {MANY} pages", f"{many:,.0f} MB")
    added = f"{many - one:,.1f} MB"
    goal = f"goal: at most {GOAL} MB"
    row("what they add", added, f"{goal}{'' if many - one <= GOAL else ': MISSED'}")
    several = statistics.median([await _mixed_memory() for _ in range(TIMES)])
    row(f"memory with {MANY} pages of a dozen formats", f"{several:,.0f} MB")
    row(
        "what they add",
        f"{several - one:,.1f} MB",
        f"{goal}{'' if several - one <= GOAL else ': MISSED'}",
    )


def measure() -> None:
    asyncio.run(_run())
