"""Twenty incidents a day in fast time, for as long as wanted: does anything grow that should not?

    make soak HOURS=0.5

The program as its command starts it, on its embedded Redis, with Slack played by `bench.sink`,
which refuses one post in a hundred, and a page that is edited, fails and comes back. Every tenth
incident or so the program is killed in the middle and started again. A day takes
`INCIDENTS * EACH` seconds. Threads are kept for two minutes (`soaked.KEPT`) instead of 30 days, so
that what expires does so while it runs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.queue import depth_of
from adapters.redis.store import Store, open_store
from bench.delivery import sink
from bench.fanout import channels, now, subscribe
from bench.replicas import counted
from bot.domain.errors import StoreError
from tests.end_to_end.harness import environment
from tests.servers.page import PageServer, page_server
from tests.servers.statuspage import CLAUDE

INCIDENTS, EACH = 20, 20.0  # a day; seconds
CHANNELS = 2_000
PATIENCE = 60.0
MEGABYTE = 1 << 20
FAULTS = ("unavailable", "html", "drop", "half_json")
SEVERITIES = ("degraded_performance", "partial_outage", "major_outage")


@dataclass
class Soaked:
    """The program under test, which is started again in the same place."""

    folder: Path
    settings: Mapping[str, str]
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    async def start(self) -> None:
        self.starts += 1
        log = (self.folder / "log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.soaked", "run",
            cwd=self.folder, env=dict(self.settings), stdout=log, stderr=log,
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            while not await self._answers():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        """Whether its Redis is there and has loaded what it keeps."""
        try:
            async with open_store(self.store()):
                return True
        except StoreError:
            return False

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def store(self) -> str:
        url = running_redis(self.folder / "data")
        if url is None:
            raise StoreError("it does not run yet")
        return url


async def story(page: PageServer, chance: random.Random, number: int) -> None:
    """One incident from its opening to its end, with updates, edits and a page that fails."""
    component = chance.choice(list(CLAUDE))
    text = f"We are investigating elevated errors (number {number}). " * 3
    id_ = page.page.open(
        f"Elevated errors {number}", {component: chance.choice(SEVERITIES)}, body=text
    )
    pauses = [chance.uniform(1.5, 4) for _ in range(chance.randrange(1, 4))]
    for turn, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        if chance.random() < 0.3:
            page.fail(chance.choice(FAULTS), times=chance.randrange(1, 4))
        page.page.update(id_, "identified", body=f"Update {turn} of {number}.")
    await asyncio.sleep(chance.uniform(1, 3))
    page.page.resolve(id_, body=f"Number {number} is over.")
    await asyncio.sleep(max(0.0, EACH - sum(pauses) - 3))


async def sample(program: Soaked, store: Store) -> str:
    """MB and descriptors of the program, MB and keys of Redis, MB on disk, channels that wait."""
    assert program.process is not None
    process = psutil.Process(program.process.pid)
    info = await store.database.call("INFO", "memory")
    found = int(await store.database.call("DBSIZE"))
    disk = sum(one.stat().st_size for one in (program.folder / "data").rglob("*") if one.is_file())
    waiting = (await depth_of(store.database, "slack", now())).channels
    memory, redis = process.memory_info().rss / MEGABYTE, int(info["used_memory"]) / MEGABYTE
    return (
        f"{memory:4.0f} MB {process.num_fds():4} {redis:4.1f} MB {found:6,} "
        f"{disk / MEGABYTE:3.1f} MB {waiting:7,}"
    )


async def run(hours: float, seed: int) -> None:
    console, chance = Console(width=120), random.Random(seed)
    end, sent, number = time.monotonic() + hours * 3600, 0.0, 0
    day = INCIDENTS * EACH
    console.print(
        f"seed {seed}; {CHANNELS:,} channels, {INCIDENTS} incidents (a day) in {day:.0f} s"
    )
    heads = (
        "minute incidents starts messages  refused  program   fds    Redis    keys    disk  waiting"
    )
    console.print(heads)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isd-soak-")))
        url = stack.enter_context(sink(latency=20, refusing=0.01))
        page = await stack.enter_async_context(page_server())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        more = {
            "ISCLAUDEDOWN_TERMINAL": "off",
            "ISCLAUDEDOWN_LOG_LEVEL": "warning",
            "ISCLAUDEDOWN_HTTP_PORT": str(port),
            "SLACK_BOT_TOKEN": "xoxb-soak",
            "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
            "SLACK_API_URL": url,
        }
        program = Soaked(folder, environment(folder, page.url, **more))
        stack.push_async_callback(program.kill)
        await program.start()
        async with open_store(program.store()) as store:
            await subscribe(store, channels(CHANNELS))
        began, refused = time.monotonic(), 0.0
        while time.monotonic() < end:
            number += 1
            telling = asyncio.create_task(story(page, chance, number))
            if chance.random() < 0.1:
                await asyncio.sleep(chance.uniform(0.5, 6))
                await program.kill()
                await program.start()
            await telling
            taken, no, _, _ = counted(url)
            sent, refused = sent + taken, refused + no
            async with open_store(program.store()) as store:
                found = await sample(program, store)
            minute = (time.monotonic() - began) / 60
            row = (
                f"{minute:6.1f} {number:9} {program.starts:6} {sent:8,.0f} {refused:7,.0f} {found}"
            )
            console.print(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    asyncio.run(run(given.hours, given.seed))


if __name__ == "__main__":
    main()
