"""Roots to many Discord channels: the bare discord.py client beside ours, same bodies, same run.

The local Discord runs as its own process, without rate limits; on two cores it is what sets the
pace, so the ratio is what counts. Ours makes the thread of each root as well where asked to.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import psutil
from discord.http import Route

from adapters.discord.events import SessionEvents
from adapters.discord.gateway import make_client, point_at
from adapters.discord.messenger import DiscordMessenger
from adapters.discord.refs import nonce
from adapters.discord.render import body_of, marked, render
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from bot.catalog.catalog_file import load_catalog
from bot.domain.subscription import Channel
from bot.messages.help import example_message
from bot.runtime import utc_now

CALM_SECONDS = 8
Send = Callable[[int, str], Awaitable[Any]]


@asynccontextmanager
async def server(
    channels: int, latency: float = 0.0, guilds: int = 0
) -> AsyncIterator[dict[str, Any]]:
    words = ["--channels", str(channels), "--latency", str(latency), "--guilds", str(guilds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.discord", *words, stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def rate(send: Send, channels: list[int], at_once: int, name: str) -> float:
    """Messages a second of one fan-out."""
    waiting = iter(channels)

    async def work() -> None:
        for channel in waiting:
            await send(channel, f"{name}/{channel}")

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return len(channels) / (time.perf_counter() - began)


async def _measure(count: int, latency: float, at_once: int) -> None:
    card = example_message(load_catalog(), utc_now())
    drawn = render(card)
    async with server(count, latency) as about:
        point_at(about["url"], about["gateway_url"])
        settings = DiscordSettings(token=about["token"], api_url=about["url"])
        rest = RestClient(settings, time.monotonic, requests_per_second=None)
        messenger = DiscordMessenger(rest, clock=utc_now, monotonic=time.monotonic)
        client = make_client(0, 1)
        SessionEvents(client, rest, messenger.channels.guilds)
        await client.login(about["token"])
        running = asyncio.create_task(client.connect())
        await client.wait_until_ready()

        async def bare(channel: int, key: str) -> None:
            body = body_of(marked(drawn, key))
            sent = {**body, "nonce": nonce(key), "enforce_nonce": True}
            await _post(client, channel, sent)

        async def said(channel: int, key: str) -> None:
            place = Channel("discord", str(about["guild"]), str(channel))
            await messenger.say(place, card, key)

        async def opened(channel: int, key: str) -> None:
            place = Channel("discord", str(about["guild"]), str(channel))
            await messenger.open_thread(place, card, key)

        await rate(bare, about["channels"][:200], at_once, "warm")
        for name, send in (("bare", bare), ("ours", said), ("ours, with its thread", opened)):
            found = await rate(send, about["channels"], at_once, name)
            print(f"{name:24} {found:8.0f} roots/s")
        await messenger.close()
        await client.close()
        await rest.close()
        running.cancel()


async def _post(client: discord.Client, channel: int, body: dict[str, Any]) -> None:
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
    await client.http.request(route, json=body)


async def _memory(guilds: int) -> float:
    """MB of the running program that is in so many guilds of 40 channels and 30 roles."""
    async with server(1, guilds=guilds) as about:
        with tempfile.TemporaryDirectory() as folder:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                env={
                    **os.environ,
                    "ISCLAUDEDOWN_DATA_DIR": folder,
                    "ISCLAUDEDOWN_PAGE_URL": "http://127.0.0.1:9",
                    "ISCLAUDEDOWN_PROBES": "false",
                    "ISCLAUDEDOWN_LOG_LEVEL": "info",
                    "DISCORD_TOKEN": about["token"],
                    "DISCORD_API_URL": about["url"],
                },
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            assert process.stderr is not None
            try:
                async for line in process.stderr:
                    if b"discord.commands_registered" in line:
                        break
                return await _settled(psutil.Process(process.pid))
            finally:
                process.terminate()
                await process.communicate()


async def _settled(process: psutil.Process) -> float:
    """MB once they have not grown for a while: the servers come one by one."""
    largest, calm = 0.0, 0
    while calm < CALM_SECONDS:
        await asyncio.sleep(1)
        held = process.memory_info().rss / 1e6
        calm = calm + 1 if held < largest + 0.5 else 0
        largest = max(largest, held)
    return largest


def measure() -> None:
    asyncio.run(_measure(2000, latency=0.0, at_once=100))
    for guilds in (0, 2600):
        print(f"in {guilds + 1:5} servers {asyncio.run(_memory(guilds)):8.0f} MB")
