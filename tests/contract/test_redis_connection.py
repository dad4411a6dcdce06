"""A connection to Redis that is lost under a command: our error, and the next command works."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.redis import keys
from adapters.redis.checks import check_redis
from adapters.redis.client import client_of, open_database
from adapters.redis.database import Database
from adapters.redis.errors import store_errors
from bot.domain.checks import Health
from bot.domain.errors import SettingsError, StoreError
from tests.servers.redis import free_ports, standalone

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


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://u:pa/s3cret@localhost:1/0", "/ # ? and @ are written %2F"),
        ("redis://:pa#s3cret@localhost:1/0", "/ # ? and @ are written %2F"),
        ("redis://:12?s3cret=1@localhost", "/ # ? and @ are written %2F"),
        ("redis+sentinel://:12/s3cret@localhost/main", "/ # ? and @ are written %2F"),
        ("redis://localhost:s3cret", "a port is no number"),
        ("redis://localhost:99999", "a port is no number up to 65535"),
        ("redis://localhost/abc", "stands a number, as in /0"),
        ("redis://localhost:1/0?decod_responses=1", "there is no option decod_responses"),
        ("redis://localhost:1/0?socket_timeout=abc", "socket_timeout"),
        ("localhost:6379", "must begin with redis://"),
    ],
)
def test_what_is_wrong_with_the_url_is_named_without_a_part_of_the_password(
    url: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)) as refused:
        client_of(url)

    assert "s3cret" not in str(refused.value)
    assert not {"pa", "12"} & set(re.findall(r"\w+", str(refused.value)))


@pytest.mark.parametrize(
    ("login", "says"),
    [
        (":wrong@", "the user name or the password in REDIS_URL is wrong"),
        ("bob:wrong@", "the user name or the password in REDIS_URL is wrong"),
        ("", "it asks for a password, and REDIS_URL holds none"),
        (":right@", ""),
    ],
)
async def test_a_wrong_password_is_called_one(login: str, says: str) -> None:
    with standalone("--requirepass", "right", port=free_ports(1)[0]) as node:
        url = node.url.replace("redis://", f"redis://{login}")
        if says:
            with pytest.raises(StoreError, match=says):
                await open_database(url)
        else:
            await (await open_database(url)).close()


@pytest.mark.parametrize(
    ("refuse", "says", "helps"),
    [
        ("REPLICAOF 127.0.0.1 1", "ReadOnlyError", "name the primary"),
        ("CONFIG SET maxmemory 1", "OutOfMemoryError", "raise its `maxmemory`"),
        ("CONFIG SET min-replicas-to-write 1", "NOREPLICAS", "Start its replicas"),
        ("ACL SETUSER default resetkeys ~other", "may not do that", "our keys"),
    ],
)
async def test_a_redis_that_answers_and_does_nothing_is_refused_with_what_helps(
    refuse: str, says: str, helps: str
) -> None:
    with standalone() as node:
        redis: Any = node.client()
        redis.execute_command(*refuse.split())
        with pytest.raises(StoreError, match=says) as refused:
            await open_database(node.url)
    assert helps in refused.value.advice


async def test_the_doctor_sees_a_user_that_may_run_no_scripts() -> None:
    with standalone() as node:
        redis: Any = node.client()
        redis.execute_command("ACL", "SETUSER", "default", "-@scripting")
        database = await open_database(node.url)
        first, *_ = [one async for one in check_redis(database, "given")]
        await database.close()
    assert first.health is Health.BROKEN
    assert "may not do that" in first.says
    assert "scripts" in first.advice


async def test_rubbish_in_the_place_of_the_version_is_named() -> None:
    with standalone() as node:
        client = node.client()
        client.set(keys.SCHEMA_KEY, "rubbish")
        with pytest.raises(StoreError, match=f"something else at {keys.SCHEMA_KEY}"):
            await open_database(node.url)
