"""The same messages by aiohttp alone, with nothing known, kept or looked up: a loop a connection.

    python -m bench.bare prepared|plain --channels N --sink URL [--connections C]

`prepared` is the least that the machine can do with aiohttp: bodies encoded beforehand, uvloop, no
cookies, a collector that is spared. `plain` is what somebody writes who has it to do: asyncio's own
loop, `json=` for each message. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import psutil
import uvloop

from adapters.chat.http import encode, open_session
from bench.fanout import TOKEN, channels, incident, messenger
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import message_of
from bot.delivery.steps import Act, Step
from bot.runtime import spare_the_collector

METHOD = "chat.postMessage"


async def bodies(count: int, sink: str) -> list[dict[str, Any]]:
    """Return what ours would send, as values."""
    message = message_of(Step(Act.OPEN, 1), incident(), datetime.now(UTC), load_catalog())
    async with messenger(sink, None) as ours:
        encoded = [ours._body(c, message, f"{c}/bench/root", None) for c in channels(count)]
    return [json.loads(encode(body)) for body in encoded]


async def posted(connections: int, work: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Return when that many workers started, and what the processor did for them."""
    process = psutil.Process()
    cpu, start = sum(process.cpu_times()[:2]), time.time()
    await asyncio.gather(*(work() for _ in range(connections)))
    return {"start": start, "cpu": sum(process.cpu_times()[:2]) - cpu}


async def prepared(count: int, sink: str, connections: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    turns = iter([encode(body) for body in await bodies(count, sink)])
    spare_the_collector()
    async with open_session(connections=connections, seconds=60) as session:

        async def work() -> None:
            for body in turns:
                answer = await session.post(sink + METHOD, data=body, headers=headers)
                await answer.read()

        return await posted(connections, work)


async def plain(count: int, sink: str, connections: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    turns = iter(await bodies(count, sink))
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work() -> None:
            for body in turns:
                async with session.post(sink + METHOD, json=body) as answer:
                    await answer.json()

        return await posted(connections, work)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["prepared", "plain"])
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--sink", required=True)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    run, loop = (uvloop.run, prepared) if given.what == "prepared" else (asyncio.run, plain)
    print(json.dumps(run(loop(given.channels, given.sink, given.connections))))


if __name__ == "__main__":
    main()
