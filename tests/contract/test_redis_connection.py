"""A connection to Redis that is lost under a command: our error, and the next command works."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.redis.client import client_of
from adapters.redis.database import Database, store_errors
from bot.domain.errors import StoreError
from tests.servers.redis import standalone

MOMENTS = 25  # turns of the event loop that one command takes at most, and more


async def test_a_connection_lost_at_any_moment_of_a_command_is_our_error() -> None:
    with standalone() as node:
        client = client_of(node.url)
        assert isinstance(client, Redis)
        database = Database(client)
        outcomes = [await _lost_after(turns, database, client) for turns in range(MOMENTS)]
        await database.close()

    assert "lost" in outcomes
    assert "answered" in outcomes


async def _lost_after(turns: int, database: Database, client: Redis) -> str:
    """Drop the connection that many turns after a command began, as redis-py does with all
    connections of a node that failed.
    """
    assert await database.call("PING")
    pool: Any = client.connection_pool
    (connection,) = pool._available_connections
    command = asyncio.create_task(database.call("PING"))
    for _ in range(turns):
        await asyncio.sleep(0)
    await connection.disconnect(nowait=True)
    try:
        await command
    except StoreError:
        return "lost"
    return "answered"


def test_an_error_of_our_own_is_not_taken_for_a_lost_connection() -> None:
    with pytest.raises(AttributeError), store_errors():
        object().nothing  # type: ignore[attr-defined]  # noqa: B018
