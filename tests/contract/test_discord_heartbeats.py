"""Heartbeats of the gateway: discord.py's thread that sends them ends with its connection."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from adapters.discord.gateway import close, hold, make_client, point_at
from tests.delivery_kit import until
from tests.servers.discord import DiscordServer, serve

HELLO = '{"op": 10, "d": {"heartbeat_interval": 41250}}'
BROKEN = b"broken\x00\x00\xff\xff"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


def heartbeats() -> list[str]:
    """The threads that send heartbeats."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("keep-alive-handler")]


@contextlib.asynccontextmanager
async def session(
    server: DiscordServer, slot: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    """A session that is begun, and ended as `ShardSessions` ends it."""
    point_at(server.url, server.gateway_url)
    client = make_client(0, 1, slot)
    await client.login(server.token)
    holding = asyncio.create_task(hold(client))
    try:
        yield
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await close(client)


async def test_a_session_that_ends_before_it_identifies_sends_no_more_heartbeats(
    server: DiscordServer,
) -> None:
    reached = asyncio.Event()

    async def never_its_turn() -> None:
        reached.set()
        await asyncio.Event().wait()

    async with session(server, never_its_turn):
        await reached.wait()
        assert len(heartbeats()) == 1
    await until(lambda: not heartbeats())
    assert server.gateway.identifies == 0


async def test_a_session_that_cannot_identify_sends_no_more_heartbeats(
    server: DiscordServer,
) -> None:
    reached = asyncio.Event()

    async def failing() -> None:
        reached.set()
        raise RuntimeError("no turn")

    async with session(server, failing):
        await reached.wait()
        await until(lambda: not heartbeats())


async def test_a_session_that_ends_before_ready_sends_no_more_heartbeats(
    server: DiscordServer,
) -> None:
    server.gateway.deaf = True  # it identifies, and is told nothing
    async with session(server):
        await server.gateway.wait_connected()
        assert len(heartbeats()) == 1
    await until(lambda: not heartbeats())


async def test_a_session_that_is_resumed_sends_heartbeats_on_one_connection(
    server: DiscordServer,
) -> None:
    async with session(server):
        await server.gateway.wait_connected()
        await server.gateway.send_raw(BROKEN)
        await until(lambda: server.gateway.resumes == 1)
        await until(lambda: len(heartbeats()) == 1)
    await until(lambda: not heartbeats())


async def test_a_second_greeting_begins_no_second_heartbeats(server: DiscordServer) -> None:
    async def greet_again() -> None:
        await server.gateway.send_raw(HELLO)

    async with session(server, greet_again):
        await server.gateway.wait_connected()
        await server.director.add_guild()
        assert len(heartbeats()) == 1
    await until(lambda: not heartbeats())
