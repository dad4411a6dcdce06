"""An embedded Redis on a folder, and another bot that owns one."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.redis.embedded.server import embedded_redis

# Another bot on the same folder: says when it is up, then counts, each number once it is stored.

COUNTS = """
import asyncio, sys
from pathlib import Path
from redis.asyncio import Redis
from adapters.redis.embedded.server import GUARD, embedded_redis

async def main():
    async with embedded_redis(Path(sys.argv[1])) as url, Redis.from_url(url) as redis:
        print((await redis.info("server"))["process_id"], flush=True)
        while True:
            print(await redis.incr("counted"), flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Redis]:
    async with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as redis:
        yield redis


async def server_of(redis: Redis) -> psutil.Process:
    return psutil.Process((await redis.info("server"))["process_id"])


@contextmanager
def another_bot(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run another process that owns `folder`; yields it and its server's process id."""
    command = [sys.executable, "-c", COUNTS, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        line = next(line for line in other.stdout if line.strip().isdigit())
        try:
            yield other, int(line)
        finally:
            other.kill()


def has_ended(pid: int) -> bool:
    """Return whether a process runs no more, even if nobody has noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def numbers(other: subprocess.Popen[str]) -> Iterator[int]:
    """Yield what another bot counts, until its end; half a line at the end does not count."""
    assert other.stdout is not None
    return (int(line) for line in other.stdout if line.endswith("\n"))


def the_data(folder: Path) -> Path:
    """Return the file that holds the latest writes."""
    return max((folder / "appendonlydir").glob("*.incr.aof"))


async def told(logs: list[MutableMapping[str, Any]], event: str) -> None:
    """Wait for a line in the log; the test's own time limit ends it."""
    while event not in [line["event"] for line in logs]:  # noqa: ASYNC110 - a log cannot be awaited
        await asyncio.sleep(0.02)


async def eventually(redis: Redis, key: str) -> str:
    """Ask until there is an answer; the test's own time limit ends it."""
    while True:
        try:
            return str(await redis.get(key))
        except RedisError:
            await asyncio.sleep(0.02)
